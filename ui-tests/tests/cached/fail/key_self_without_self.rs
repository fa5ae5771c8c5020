use cachestack::cached;

pub struct Db {
    tenant: String,
}

impl Db {
    #[cached(key_self, associated)]
    pub fn load(id: u64) -> u64 {
        id
    }
}

fn main() {}
