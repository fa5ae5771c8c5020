use cachestack::invalidate;

pub struct User;

#[invalidate(key = "user:{user}")]
fn rename(user: &User) {
    let _ = user;
}

fn main() {}
