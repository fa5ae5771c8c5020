use cachestack::cached;

#[cached(skip(fetch, log))]
async fn load(id: u64, fetch: &(dyn Fn(u64) -> u64 + Sync), log: &mut Vec<u64>) -> u64 {
    std::future::ready(()).await;
    log.push(id);
    fetch(id)
}

#[cached(skip(make))]
fn once(id: u64, make: Box<dyn FnOnce(u64) -> String>) -> String {
    make(id)
}

#[tokio::test]
async fn works() {
    let mut log = vec![];
    assert_eq!(load(1, &|id| id * 2, &mut log).await, 2);
    assert_eq!(load(1, &|id| id * 3, &mut log).await, 2);
    assert_eq!(log, [1]);
    let text = once(1, Box::new(|id| id.to_string()));
    assert_eq!(text, "1");
}
