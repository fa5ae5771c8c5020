use cachestack::cached;

#[cached(key = "sum:{a}:{b}")]
fn sum((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {}
