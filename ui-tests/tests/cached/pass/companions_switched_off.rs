use cachestack::cached;

mod user {}

#[cached(companions = false)]
fn user(id: u64) -> u64 {
    id
}

#[cached(companions = false, name = "generic")]
async fn generic<T: serde::Serialize>(id: T, (a, mut b): (u8, u8)) -> u8 {
    let _ = id;
    b += a;
    b
}

#[cached(companions = false)]
fn future(id: u64) -> impl Future<Output = u64> + Send {
    async move { id }
}

#[tokio::test]
async fn works() {
    assert_eq!(user(1), 1);
    assert_eq!(generic(1, (1, 2)).await, 3);
    assert_eq!(future(1).await, 1);
}
