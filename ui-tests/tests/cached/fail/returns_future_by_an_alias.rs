use std::pin::Pin;

use cachestack::cached;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[cached]
fn double(n: u64) -> BoxFuture<'static, u64> {
    Box::pin(async move { n * 2 })
}

fn main() {}
