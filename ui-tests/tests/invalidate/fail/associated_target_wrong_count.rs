use cachestack::{cached, invalidate};

pub struct Db;

impl Db {
    #[cached(skip(self))]
    pub fn load(&self, id: u64) -> u64 {
        id
    }

    #[cached(associated)]
    pub fn list() -> u64 {
        1
    }

    #[invalidate(Self::list(id))]
    pub fn rename(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
