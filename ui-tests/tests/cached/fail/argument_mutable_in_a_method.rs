use cachestack::cached;

pub struct Db;

impl Db {
    #[cached(skip(self))]
    pub fn load(&self, ids: &mut Vec<u64>) -> u64 {
        ids.len() as u64
    }
}

fn main() {}
