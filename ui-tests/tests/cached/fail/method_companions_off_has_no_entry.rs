use cachestack::cached;

pub struct Db {
    tenant: String,
}

impl Db {
    #[cached(skip(self), companions = false)]
    pub fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    let db = Db { tenant: String::new() };
    let _ = db.load_entry(1);
}
