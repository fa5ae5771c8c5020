use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    m * 2
}

fn main() {}
