use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user("one"), user(id, 2))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
