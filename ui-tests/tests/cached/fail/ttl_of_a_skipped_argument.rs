use std::time::Duration;

use cachestack::cached;

#[cached(ttl = *ttl, skip(ttl))]
fn double(n: u64, ttl: &Duration) -> u64 {
    let _ = ttl;
    n * 2
}

fn main() {}
