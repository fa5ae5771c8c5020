use cachestack::cached;

#[cached(key = "user:{name}")]
fn answer() -> u64 {
    42
}

fn main() {}
