use cachestack::cached;

pub struct Db;

impl Db {
    const FACTOR: u64 = 2;

    #[cached]
    pub fn load(id: u64) -> u64 {
        id * Self::FACTOR
    }
}

fn main() {}
