use cachestack::cached;

#[cached(none_ttl = 5)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
