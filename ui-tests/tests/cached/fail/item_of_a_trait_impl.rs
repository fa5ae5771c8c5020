//! The same with `companions = false`, or with `#[cached]` on the `impl` too, is right.
use cachestack::cached;

pub struct Db;

pub trait Load {
    fn load(&self, id: u64) -> u64;
}

impl Load for Db {
    #[cached(skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
