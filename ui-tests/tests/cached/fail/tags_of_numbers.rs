use cachestack::cached;

#[cached(tags = [1, 2])]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
