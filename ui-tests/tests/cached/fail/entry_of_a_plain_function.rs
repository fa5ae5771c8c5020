use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    half(n) * 4
}

fn half(n: u64) -> u64 {
    n / 2
}

fn main() {
    let _ = half::entry(1);
    double(1);
}
