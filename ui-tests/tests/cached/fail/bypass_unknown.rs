use cachestack::cached;

#[cached(bypass = fresh)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
