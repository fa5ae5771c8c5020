use cachestack::cached;

#[cached(ttl, version = "2")]
fn double(n: &mut u64) -> u64 {
    *n * 2
}

fn main() {}
