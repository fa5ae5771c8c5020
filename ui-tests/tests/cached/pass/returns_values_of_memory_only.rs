use std::sync::Arc;

use cachestack::cached;

/// Nothing is derived.
pub struct Pool(u64);

#[derive(Clone)]
pub struct Handle(u64);

#[cached(local)]
fn pool(id: u64) -> Arc<Pool> {
    Arc::new(Pool(id))
}

#[cached(local, ttl = 5)]
async fn handle(id: u64) -> Result<Handle, String> {
    Ok(Handle(id))
}

#[cached(local)]
fn maybe(id: u64) -> Option<Handle> {
    Some(Handle(id))
}

#[tokio::test]
async fn works() {
    assert_eq!(pool(1).0, 1);
    assert_eq!(handle(1).await.unwrap().0, 1);
    assert_eq!(maybe(1).unwrap().0, 1);
}
