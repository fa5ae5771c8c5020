use std::time::Duration;

use cachestack::cached;

#[cached(ttl = |it: &Vec<u64>| Duration::from_secs(it.len() as u64))]
fn many(n: u64) -> Vec<u64> {
    vec![n; 3]
}

#[cached(ttl = |it| it.then_some(Duration::from_secs(1)))]
async fn sometimes(n: u64) -> Result<bool, String> {
    Ok(n > 0)
}

#[cached(ttl = |it: &Option<u64>| Duration::from_secs(it.unwrap_or(1)), none_ttl = 0.5)]
fn absent(n: u64) -> Option<u64> {
    n.checked_sub(1)
}

#[cached(none_ttl = Duration::from_secs(n))]
fn by_argument(n: u64) -> Result<Option<u64>, String> {
    Ok(n.checked_sub(1))
}

#[tokio::test]
async fn works() {
    assert_eq!(many(1).len(), 3);
    assert_eq!(sometimes(1).await, Ok(true));
    assert_eq!(absent(0), None);
    assert_eq!(by_argument(0), Ok(None));
}
