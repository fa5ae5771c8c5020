use cachestack::invalidate;

pub struct Db;

impl Db {
    #[invalidate(key = "user:{id}")]
    pub fn rename(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
