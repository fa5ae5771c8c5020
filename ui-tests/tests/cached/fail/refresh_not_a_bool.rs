use cachestack::cached;

#[cached(refresh = id)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
