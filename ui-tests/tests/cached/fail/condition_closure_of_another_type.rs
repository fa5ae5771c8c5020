use cachestack::cached;

#[cached(condition = |text: &String| text.len() > 5)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
