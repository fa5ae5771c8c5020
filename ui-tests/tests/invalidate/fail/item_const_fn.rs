use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
const fn rename(id: u64) -> u64 {
    id
}

fn main() {}
