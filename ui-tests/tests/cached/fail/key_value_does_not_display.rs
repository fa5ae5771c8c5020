use cachestack::cached;

pub struct User {
    pub id: u64,
}

#[cached(key = "profile:{user}")]
fn profile(user: &User) -> u64 {
    user.id
}

fn main() {}
