use cachestack::cached;

pub struct Db {
    tenant: String,
}

impl Db {
    #[cached(key = "{self.tenant}{id}")]
    pub fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
