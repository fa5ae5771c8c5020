use cachestack::cached;

#[cached(name = "")]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
