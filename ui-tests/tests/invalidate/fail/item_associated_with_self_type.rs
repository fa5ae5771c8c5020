use cachestack::invalidate;

pub struct Db;

impl Db {
    #[invalidate(key = "db")]
    pub fn create() -> Self {
        Db
    }
}

fn main() {}
