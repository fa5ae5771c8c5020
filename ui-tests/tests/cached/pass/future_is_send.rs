use cachestack::cached;

#[cached]
async fn double(n: u64, text: &str) -> Result<u64, std::io::Error> {
    std::future::ready(()).await;
    Ok(n * 2 + text.len() as u64)
}

fn spawn<T>(future: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
    future
}

#[tokio::test]
async fn works() {
    assert_eq!(spawn(double(1, "")).await.unwrap(), 2);
}
