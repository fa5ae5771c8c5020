use cachestack::cached;

pub struct Db;

#[cached]
impl Db {
    pub fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
