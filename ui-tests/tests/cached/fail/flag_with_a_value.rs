use cachestack::cached;

#[cached(local = true)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
