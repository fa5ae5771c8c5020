use cachestack::cached;

#[cached(ttl = |user| *user)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
