use cachestack::cached;

#[cached(name = "users get")]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
