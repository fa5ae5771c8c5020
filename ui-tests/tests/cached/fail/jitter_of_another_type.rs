use cachestack::cached;

const PART: u32 = 1;

#[cached(ttl = 60, jitter = PART)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
