use cachestack::cached;

pub struct Db;
pub struct Query;

#[cached]
fn search(db: &Db, query: Query) -> usize {
    let _ = (db, query);
    1
}

fn main() {}
