use cachestack::cached;

const MINUTE: u64 = 60;

#[cached(ttl = MINUTE)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
