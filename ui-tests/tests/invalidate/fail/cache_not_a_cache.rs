use cachestack::invalidate;

#[invalidate(key = "user:{id}", cache = 5)]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
