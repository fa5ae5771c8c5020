use cachestack::{cached, invalidate};

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(put = |_| user(id))]
fn rename(id: u64) -> String {
    id.to_string()
}

fn main() {}
