use cachestack::cached;

#[cached(key = 5)]
fn answer() -> u64 {
    42
}

fn main() {}
