use cachestack::cached;

pub struct Db;

#[cached(companions = DbEntries)]
impl Db {
    #[cached(skip(self))]
    pub fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
