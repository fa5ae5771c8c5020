use cachestack::cached;

async fn fetch(n: u64) -> u64 {
    n
}

#[cached]
fn double(n: u64) -> u64 {
    fetch(n).await * 2
}

fn main() {}
