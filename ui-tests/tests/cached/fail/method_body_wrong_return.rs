use cachestack::cached;

pub struct Db {
    tenant: String,
}

impl Db {
    #[cached(skip(self))]
    pub fn load(&self, id: u64) -> u64 {
        self.tenant.clone()
    }
}

fn main() {}
