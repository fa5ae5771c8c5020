use cachestack::cached;

#[cached(ttl = 99999999999999999999)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
