use std::pin::Pin;

use cachestack::cached;

#[cached(tags = ["n:{n}"])]
fn double(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { n * 2 })
}

/// Calls itself.
#[cached]
fn factorial(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    match n {
        0 => Box::pin(async { 1 }),
        n => Box::pin(async move { n * factorial(n - 1).await }),
    }
}

#[cached]
fn length<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = Option<usize>> + Send + 'a>> {
    Box::pin(async move { Some(text.len()) })
}

#[tokio::test]
async fn works() {
    assert_eq!(double(1).await, 2);
    assert_eq!(factorial(3).await, 6);
    assert_eq!(length("four").await, Some(4));
}
