use cachestack::cached;
use serde::Deserialize;

#[derive(Clone, Deserialize)]
pub struct User {
    pub id: u64,
}

#[cached]
fn user(id: u64) -> User {
    User { id }
}

fn main() {}
