use cachestack::cached;

#[cached(refresh = fresh)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
