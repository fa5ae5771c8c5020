use cachestack::cached;

pub struct Db;

impl Db {
    #[cached(skip(self))]
    pub async fn load(&self, id: u64) -> u64 {
        id
    }

    #[cached(skip(self))]
    pub async fn twice(&self, id: u64) -> u64 {
        self.load(id) * 2
    }
}

fn main() {}
