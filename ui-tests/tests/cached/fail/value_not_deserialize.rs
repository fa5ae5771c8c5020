use cachestack::cached;
use serde::Serialize;

#[derive(Clone, Serialize)]
pub struct User {
    pub id: u64,
}

#[cached]
async fn user(id: u64) -> Option<User> {
    Some(User { id })
}

fn main() {}
