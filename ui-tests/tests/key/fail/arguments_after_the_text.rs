use cachestack::key;

fn main() {
    let _ = key!("user:{id}", id = 7);
}
