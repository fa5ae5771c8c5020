#![deny(dead_code)]

use cachestack::cached;

#[cached]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
