use cachestack::invalidate;

pub struct Db;

#[invalidate(key = "user")]
impl Db {
    pub fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
