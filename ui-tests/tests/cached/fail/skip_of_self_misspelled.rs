use cachestack::cached;

pub struct Db;

impl Db {
    #[cached(skip(slef))]
    pub fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
