use cachestack::cached;

#[cached(skip(self))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}
