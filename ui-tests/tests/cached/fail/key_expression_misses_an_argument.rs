use cachestack::cached;

#[cached(key = a.to_string())]
fn sum(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {}
