use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user(id), condition = |n: &String| n.is_empty())]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
