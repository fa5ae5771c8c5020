use cachestack::cached;

pub struct Db;

pub trait Load {
    fn load(&self, id: u64) -> u64;
}

#[cached(companions = "DbEntries")]
impl Load for Db {
    #[cached(skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
