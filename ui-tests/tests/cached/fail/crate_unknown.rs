use cachestack::cached;

#[cached(crate = my_cache)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
