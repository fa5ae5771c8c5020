#![deny(unused_mut)]

use cachestack::cached;

#[cached]
fn answer(mut id: u64) -> u64 {
    id
}

fn main() {}
