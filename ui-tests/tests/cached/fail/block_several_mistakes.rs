use cachestack::cached;

pub struct Db;

#[cached(ttl = 60)]
impl Db {
    #[cached(skip(self), ttl = 0)]
    pub fn load(&self, id: u64) -> u64 {
        id
    }

    #[cached(skip(self), key = "user")]
    pub fn name(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
