use cachestack::cached;

#[cached(bypass = id)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
