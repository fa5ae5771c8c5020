use cachestack::cached;

#[cached(condition = |n: u64| n > 5)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
