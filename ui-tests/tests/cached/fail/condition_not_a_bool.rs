use cachestack::cached;

#[cached(condition = |n| *n)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
