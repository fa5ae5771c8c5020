use std::sync::Arc;

use cachestack::cached;

#[cached(ttl = 60)]
fn double(n: u64) -> impl Future<Output = u64> + Send {
    async move { n * 2 }
}

#[cached]
fn length(text: &str) -> impl Future<Output = Result<usize, String>> + Send + '_ {
    async move { Ok(text.len()) }
}

#[cached(key = "{n}")]
fn shared(n: u64) -> impl std::future::Future<Output = Arc<u64>> {
    let n = n + 1;
    async move { Arc::new(n) }
}

#[tokio::test]
async fn works() {
    assert_eq!(double(1).await, 2);
    assert_eq!(tokio::spawn(double(1)).await.unwrap(), 2);
    assert_eq!(length("four").await, Ok(4));
    assert_eq!(*shared(1).await, 2);
    assert_eq!(length::entry("four").peek(), Some(4));
}
