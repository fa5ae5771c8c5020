use cachestack::cached;

async fn fetch(n: u64) -> u64 {
    n
}

#[cached]
async fn double(n: u64) -> u64 {
    fetch(n) * 2
}

fn main() {}
