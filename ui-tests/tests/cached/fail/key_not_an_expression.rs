use cachestack::cached;

#[cached(key = "user:{n +}")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
