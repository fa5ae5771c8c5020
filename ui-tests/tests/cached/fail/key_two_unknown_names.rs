use cachestack::cached;

#[cached(key = "{uid}:{lang}")]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
