use cachestack::cached;

#[cached(name = users)]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
