use cachestack::cached;

#[cached(ttl = 60, refresh_ahead = 1.5)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
