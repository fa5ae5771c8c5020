use cachestack::cached;

#[cached(key = "user:{name}")]
fn double(n: u64, #[cached(skip)] _verbose: bool) -> u64 {
    n * 2
}

fn main() {}
