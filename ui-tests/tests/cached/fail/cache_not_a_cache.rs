use cachestack::cached;

static CACHE: u64 = 5;

#[cached(cache = CACHE)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
