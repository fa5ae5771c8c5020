use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(user(id))]
fn rename((id, name): (u64, String)) -> u64 {
    id + name.len() as u64
}

fn main() {}
