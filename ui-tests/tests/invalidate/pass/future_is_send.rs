use cachestack::{cached, invalidate};

#[cached]
async fn double(n: u64) -> u64 {
    n * 2
}

#[invalidate(double(n), key = "double:{n}")]
async fn forget(n: u64) -> Result<(), String> {
    std::future::ready(()).await;
    Ok(())
}

fn spawn<T>(future: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
    future
}

#[tokio::test]
async fn works() {
    spawn(forget(1)).await.unwrap();
    assert_eq!(double(1).await, 2);
}
