use cachestack::cached;

pub struct User;

#[cached(local)]
fn user(id: u64) -> User {
    let _ = id;
    User
}

fn main() {}
