use cachestack::key;

fn main() {
    let _ = key!("user:{}", 7);
}
