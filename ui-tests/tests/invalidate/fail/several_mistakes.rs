use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user(id), before, always, keey = "x", put = 5)]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
