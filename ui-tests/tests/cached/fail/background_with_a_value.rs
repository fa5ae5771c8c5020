use cachestack::cached;

#[cached(ttl = 60, background = true)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
