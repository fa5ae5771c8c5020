use cachestack::cached;

#[cached(error_ttl = 1)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
