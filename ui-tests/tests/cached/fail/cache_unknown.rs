use cachestack::cached;

#[cached(cache = SESSIONS)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
