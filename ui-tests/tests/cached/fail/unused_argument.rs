#![deny(unused_variables)]

use cachestack::cached;

#[cached]
fn answer(id: u64, name: &str) -> u64 {
    id
}

fn main() {}
