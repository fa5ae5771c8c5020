use cachestack::cached;

#[cached(key = "user:{n:>5}")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
