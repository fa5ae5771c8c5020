use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    let twice = n * ;
    twice
}

fn main() {}
