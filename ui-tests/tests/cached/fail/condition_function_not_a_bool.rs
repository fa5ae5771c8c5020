use cachestack::cached;

fn half(n: &u64) -> u64 {
    n / 2
}

#[cached(condition = half)]
async fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
