use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    n * 2
}

#[cached]
async fn triple(n: u64) -> u64 {
    n * 3
}

async fn apply<F: Future<Output = u64>>(f: impl Fn(u64) -> F) -> u64 {
    f(1).await
}

#[tokio::test]
async fn works() {
    let f: fn(u64) -> u64 = double;
    assert_eq!(f(1), 2);
    assert_eq!([1, 2].map(double), [2, 4]);
    assert_eq!(apply(triple).await, 3);
}
