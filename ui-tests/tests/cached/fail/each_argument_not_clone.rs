use cachestack::cached;

pub struct Db;

#[cached(each = ids)]
fn users(ids: &[u64], #[cached(skip)] db: Db) -> Vec<u64> {
    let _ = db;
    ids.to_vec()
}

fn main() {}
