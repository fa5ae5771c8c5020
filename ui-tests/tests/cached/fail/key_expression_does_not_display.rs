use cachestack::cached;

#[cached(key = (a, b))]
fn sum(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {}
