use cachestack::cached;

#[cached(tags = ["user:{ids}"])]
fn user(ids: Vec<u64>) -> u64 {
    ids.len() as u64
}

fn main() {}
