use cachestack::invalidate;

#[invalidate(ttl = 60, key = "user:{id}")]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
