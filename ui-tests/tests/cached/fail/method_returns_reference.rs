use cachestack::cached;

pub struct Db(String);

impl Db {
    #[cached(skip(self))]
    pub fn name(&self) -> &str {
        &self.0
    }
}

fn main() {}
