use cachestack::cached;

#[cached(condition = |n, m| n > m)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
