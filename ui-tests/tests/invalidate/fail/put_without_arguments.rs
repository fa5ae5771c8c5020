use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(put = |_| user)]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
