use cachestack::cached;

const VERSION: u64 = 2;

#[cached(version = VERSION)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
