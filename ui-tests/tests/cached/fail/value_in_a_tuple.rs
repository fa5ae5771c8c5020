use cachestack::cached;

pub struct User;

#[cached]
async fn user() -> (u64, User) {
    (1, User)
}

fn main() {}
