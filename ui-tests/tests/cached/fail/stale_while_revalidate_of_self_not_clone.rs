use cachestack::cached;

struct Db;

impl Db {
    #[cached(ttl = 60, stale_while_revalidate = 30, skip(self))]
    fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
