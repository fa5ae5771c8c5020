use cachestack::cached;

#[cached]
const ANSWER: u64 = 42;

fn main() {}
