use cachestack::cached;

#[cached(condition = |found| found.is_some())]
fn find(id: u64) -> Option<u64> {
    (id > 5).then_some(id)
}

#[cached(condition = |found: &Vec<u64>| !found.is_empty())]
async fn list(id: u64) -> Result<Vec<u64>, String> {
    Ok(vec![id])
}

#[tokio::test]
async fn works() {
    find(1);
    assert_eq!(find::entry(1).peek(), None);
    find(7);
    assert_eq!(find::entry(7).peek(), Some(Some(7)));
    list(7).await.unwrap();
    assert_eq!(list::entry(7).peek(), Some(vec![7]));
}
