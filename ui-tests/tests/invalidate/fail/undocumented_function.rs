#![deny(missing_docs)]
//! The lint is told once, at the function.

use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
pub fn rename(id: u64) -> u64 {
    id
}

fn main() {}
