use cachestack::cached;

#[cached(key = format!("{a}:{b}"), skip(b))]
fn sum(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {}
