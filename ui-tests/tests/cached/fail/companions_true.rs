use cachestack::cached;

#[cached(companions = true)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
