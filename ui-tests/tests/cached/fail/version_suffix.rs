use cachestack::cached;

#[cached(version = 2u8)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
