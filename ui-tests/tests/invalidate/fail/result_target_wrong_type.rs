use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(|name| user(name))]
fn rename(id: u64) -> String {
    id.to_string()
}

fn main() {}
