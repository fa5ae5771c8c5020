use cachestack::cached;

#[cached(condition = |n| n.is_empty())]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
