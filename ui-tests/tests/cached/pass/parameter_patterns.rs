use cachestack::cached;

#[cached]
fn doubled(mut n: u64) -> u64 {
    n *= 2;
    n
}

#[cached]
fn sum((a, b): (u64, u64), [c, d]: [u64; 2]) -> u64 {
    a + b + c + d
}

#[cached]
async fn ignored(_: u64, _named: u64) -> u64 {
    1
}

#[cached(key = "pair", skip(whole))]
fn pair(whole @ (_, b): (u64, u64), #[cached(skip)] _: u64) -> u64 {
    whole.0 + b
}

#[test]
fn works() {
    assert_eq!(doubled(2), 4);
    assert_eq!(sum((1, 2), [3, 4]), 10);
    assert_eq!(sum::entry((1, 2), [3, 4]).peek(), Some(10));
    drop(ignored(1, 2));
    assert_eq!(pair((1, 2), 3), 3);
}
