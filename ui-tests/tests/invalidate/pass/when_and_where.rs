use cachestack::{Cache, cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user(id), before)]
fn early(id: u64) -> u64 {
    id
}

#[invalidate(user(id), always, condition = |n| *n > limit)]
#[invalidate(keys = ["a:{id}", "b", format!("c:{id}")], tags = ["users", "user:{id}"], cache = cache)]
#[invalidate(keys = (0..id).map(|n| format!("d:{n}")), tags = "all", cache = "nowhere")]
async fn late(id: u64, limit: u64, cache: &Cache) -> Result<u64, String> {
    match id > limit {
        true => Ok(id),
        false => Err(format!("{id} is not above {limit}")),
    }
}

#[tokio::test]
async fn works() {
    assert_eq!(early(1), 1);
    let cache = Cache::builder().build().unwrap();
    assert_eq!(late(2, 1, &cache).await, Ok(2));
}
