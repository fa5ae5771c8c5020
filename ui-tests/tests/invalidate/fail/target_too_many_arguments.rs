use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64, #[cached(skip)] db: &str) -> u64 {
    id + db.len() as u64
}

#[invalidate(user(id, db))]
fn rename(id: u64, db: &str) -> u64 {
    id + db.len() as u64
}

fn main() {}
