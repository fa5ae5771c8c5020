use cachestack::cached;

#[cached]
mod inner {}

fn main() {}
