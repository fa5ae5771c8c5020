use cachestack::cached;

#[cached(condition = 5)]
async fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
