use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64, lang: &str) -> u64 {
    id + lang.len() as u64
}

#[invalidate(user(id))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
