use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(|n| *n + 1)]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
