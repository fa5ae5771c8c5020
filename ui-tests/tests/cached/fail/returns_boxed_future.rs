use std::pin::Pin;

use cachestack::cached;

#[cached]
fn double(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { n * 2 })
}

fn main() {}
