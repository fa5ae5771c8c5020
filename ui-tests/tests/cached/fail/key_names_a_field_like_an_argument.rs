use cachestack::cached;

pub struct User {
    id: u64,
}

#[cached(key = "profile:{user.id}")]
fn profile(user: &User, id: u64) -> u64 {
    user.id + id
}

fn main() {}
