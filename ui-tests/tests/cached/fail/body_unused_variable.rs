#![deny(unused_variables)]

use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    let half = n / 2;
    n * 2
}

fn main() {}
