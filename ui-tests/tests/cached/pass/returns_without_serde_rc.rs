use std::sync::Arc;

use cachestack::cached;

/// Not even `Clone`.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct User(u64);

type Answer<T> = Result<Arc<T>, std::io::Error>;

#[cached]
fn user(id: u64) -> Arc<User> {
    Arc::new(User(id))
}

#[cached]
async fn asked(id: u64) -> Answer<User> {
    Ok(Arc::new(User(id)))
}

#[tokio::test]
async fn works() {
    assert!(Arc::ptr_eq(&user(1), &user(1)));
    assert_eq!(asked(1).await.unwrap().0, 1);
}
