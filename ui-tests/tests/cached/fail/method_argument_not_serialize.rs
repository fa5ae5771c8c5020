use cachestack::cached;

pub struct Query;

pub struct Db;

impl Db {
    #[cached(skip(self))]
    pub fn count(&self, query: &Query) -> u64 {
        let _ = query;
        1
    }
}

fn main() {}
