use cachestack::cached;

pub struct Db;

pub trait Load<K> {
    fn load(&self, key: K) -> u64;
}

#[cached]
impl<K: serde::Serialize> Load<K> for Db {
    #[cached(skip(self))]
    fn load(&self, key: K) -> u64 {
        let _ = key;
        1
    }
}

fn main() {}
