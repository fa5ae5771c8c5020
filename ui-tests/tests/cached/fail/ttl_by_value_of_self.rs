use cachestack::cached;

pub struct Db {
    tenant: String,
}

impl Db {
    #[cached(skip(self), ttl = |_| std::time::Duration::from_secs(self.tenant.len() as u64))]
    pub fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
