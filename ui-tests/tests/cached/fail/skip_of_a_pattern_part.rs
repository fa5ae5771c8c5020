use cachestack::cached;

#[cached(skip(b))]
fn sum((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {}
