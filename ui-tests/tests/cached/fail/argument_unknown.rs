use cachestack::cached;

#[cached(capacity = 100)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
