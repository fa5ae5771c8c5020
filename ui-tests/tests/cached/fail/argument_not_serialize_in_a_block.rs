use cachestack::cached;

pub struct Query;

pub struct Db;

pub trait Count {
    fn count(&self, query: Query) -> u64;
}

#[cached]
impl Count for Db {
    #[cached(skip(self))]
    fn count(&self, query: Query) -> u64 {
        let _ = query;
        1
    }
}

fn main() {}
