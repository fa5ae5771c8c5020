use cachestack::cached;

#[cached(ttl = "two fortnights")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
