use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user(name))]
fn rename(id: u64, name: &str) -> u64 {
    id + name.len() as u64
}

fn main() {}
