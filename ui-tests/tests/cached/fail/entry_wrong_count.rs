use cachestack::cached;

#[cached]
fn sum(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {
    let _ = sum::entry(1);
}
