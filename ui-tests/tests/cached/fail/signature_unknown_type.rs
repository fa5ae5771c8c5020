use cachestack::cached;

#[cached]
fn user(id: UserId) -> User {
    load(id)
}

fn main() {}
