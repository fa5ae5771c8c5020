use cachestack::cached;

pub struct Db;

pub trait Load {
    fn load(&self, id: u64) -> u64;
}

#[cached]
impl Load for Db {
    #[cached]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
