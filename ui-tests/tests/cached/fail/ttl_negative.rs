use cachestack::cached;

#[cached(ttl = -5)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
