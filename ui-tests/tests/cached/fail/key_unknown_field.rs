use cachestack::cached;

pub struct User {
    pub id: u64,
}

#[cached(key = "profile:{user.nickname}")]
fn profile(user: &User) -> u64 {
    user.id
}

fn main() {}
