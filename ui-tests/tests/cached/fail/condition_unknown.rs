use cachestack::cached;

#[cached(condition = is_large)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
