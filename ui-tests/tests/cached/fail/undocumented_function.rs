#![deny(missing_docs)]
//! The lint is told once, at the function.

use cachestack::cached;

#[cached]
pub fn user(id: u64) -> u64 {
    id
}

fn main() {}
