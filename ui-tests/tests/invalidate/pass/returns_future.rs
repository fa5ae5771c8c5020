use std::pin::Pin;

use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user(id))]
fn future(id: u64) -> impl Future<Output = Result<u64, String>> + Send {
    async move { Ok(id) }
}

#[invalidate(user(id), |name| user(name.len() as u64))]
fn boxed<'a>(id: u64, name: &'a str) -> Pin<Box<dyn Future<Output = String> + Send + 'a>> {
    Box::pin(async move { format!("{id}{name}") })
}

#[tokio::test]
async fn works() {
    user(1);
    assert_eq!(future(1).await, Ok(1));
    assert_eq!(user::entry(1).peek(), None);
    assert_eq!(boxed(1, "a").await, "1a");
}
