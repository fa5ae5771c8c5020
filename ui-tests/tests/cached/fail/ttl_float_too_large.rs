use cachestack::cached;

#[cached(ttl = 1e30)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
