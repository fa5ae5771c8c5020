use cachestack::cached;

pub struct Db;

#[cached(skip(db, _trace))]
fn double(n: u64, db: &Db, _trace: &str) -> u64 {
    let Db = db;
    n * 2
}

#[cached]
async fn triple(#[cached(skip)] db: &Db, n: u64) -> u64 {
    let Db = db;
    n * 3
}

#[cached(skip(counter))]
fn count(n: u64, counter: &mut u64) -> u64 {
    *counter += 1;
    n
}

#[tokio::test]
async fn works() {
    assert_eq!(double(2, &Db, "a"), 4);
    assert_eq!(double::entry(2).peek(), Some(4));
    assert_eq!(triple(&Db, 2).await, 6);
    let mut counter = 0;
    count(1, &mut counter);
    count(1, &mut counter);
    assert_eq!(counter, 1);
}
