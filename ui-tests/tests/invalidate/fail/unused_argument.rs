#![deny(unused_variables)]

use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
fn rename(id: u64, name: &str) {}

fn main() {}
