use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
unsafe fn rename(id: u64) -> u64 {
    id
}

fn main() {}
