use cachestack::key;

fn main() {
    let _ = key!();
}
