use cachestack::cached;

#[cached(key = "user:{id.to_lowercase()}")]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
