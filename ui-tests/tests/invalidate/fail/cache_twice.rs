use cachestack::invalidate;

#[invalidate(key = "user:{id}", cache = "a", cache = "b")]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
