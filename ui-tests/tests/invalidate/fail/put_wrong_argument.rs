use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(put = |n| user(n.to_string()))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
