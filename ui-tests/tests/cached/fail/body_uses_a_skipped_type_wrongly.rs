use cachestack::cached;

pub struct Db;

#[cached]
async fn double(n: u64, #[cached(skip)] db: &Db) -> u64 {
    db.fetch(n).await
}

fn main() {}
