use cachestack::cached;

pub struct Db;

#[cached]
impl Db {
    #[cached(skip(self))]
    pub fn load(&self, id: u64) -> u64 {
        let = id;
        id
    }
}

fn main() {}
