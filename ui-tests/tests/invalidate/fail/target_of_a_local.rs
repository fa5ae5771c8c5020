use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user(found))]
fn rename(name: &str) -> u64 {
    let found = name.len() as u64;
    found
}

fn main() {}
