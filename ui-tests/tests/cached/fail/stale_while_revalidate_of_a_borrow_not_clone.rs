use cachestack::cached;

struct Db;

#[cached(ttl = 60, stale_while_revalidate = 30)]
async fn user(id: u64, #[cached(skip)] db: &Db) -> u64 {
    let _ = db;
    id
}

fn main() {}
