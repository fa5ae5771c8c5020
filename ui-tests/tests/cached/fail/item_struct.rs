use cachestack::cached;

#[cached]
pub struct User {
    pub id: u64,
}

fn main() {}
