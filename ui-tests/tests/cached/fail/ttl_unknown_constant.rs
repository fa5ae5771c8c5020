use cachestack::cached;

#[cached(ttl = MINUTE)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
