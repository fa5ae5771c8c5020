use cachestack::cached;

#[cached(key = "answer")]
fn answer(_: u64) -> u64 {
    42
}

fn main() {}
