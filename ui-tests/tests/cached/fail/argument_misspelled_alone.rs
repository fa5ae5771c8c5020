use cachestack::cached;

#[cached(tll)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
