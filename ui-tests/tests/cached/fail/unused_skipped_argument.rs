#![deny(unused_variables)]

use cachestack::cached;

#[cached(key = "answer:{id}")]
fn answer(id: u64, #[cached(skip)] name: &str) -> u64 {
    42
}

fn main() {}
