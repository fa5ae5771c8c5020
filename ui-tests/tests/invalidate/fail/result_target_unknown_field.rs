use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(|n| user(n.id))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
