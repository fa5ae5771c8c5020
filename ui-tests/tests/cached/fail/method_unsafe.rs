use cachestack::cached;

pub struct Db(String);

impl Db {
    #[cached(skip(self))]
    pub unsafe fn name(&self) -> String {
        self.0.clone()
    }
}

fn main() {}
