use cachestack::cached;

#[cached]
fn zeros<const N: usize>() -> Vec<u64> {
    vec![0; N]
}

#[cached(key = "sum")]
async fn sum<const A: u8, const B: bool>() -> u64 {
    u64::from(A) + u64::from(B)
}

#[tokio::test]
async fn works() {
    assert_eq!(zeros::<2>().len(), 2);
    assert_eq!(zeros::<3>().len(), 3);
    assert_eq!(sum::<1, true>().await, 2);
    assert_eq!(sum::<1, false>().await, 1);
    assert_eq!(zeros::entry::<2>().peek().map(|it| it.len()), Some(2));
}
