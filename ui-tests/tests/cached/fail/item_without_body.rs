use cachestack::cached;

#[cached]
fn load(id: u64) -> u64;

fn main() {}
