use cachestack::cached;

#[cached(tags = ["user:{id}"], skip(id))]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
