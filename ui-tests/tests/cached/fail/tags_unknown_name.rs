use cachestack::cached;

#[cached(tags = ["user:{uid}"])]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
