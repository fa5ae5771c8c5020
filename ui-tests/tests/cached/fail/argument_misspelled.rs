use cachestack::cached;

#[cached(condtion = |n| *n > 5)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
