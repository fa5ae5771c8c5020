use cachestack::cached;

#[cached(local(id))]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
