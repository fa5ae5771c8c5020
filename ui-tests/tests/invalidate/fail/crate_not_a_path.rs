use cachestack::invalidate;

#[invalidate(key = "user", crate = "my_cache")]
fn change() {}

fn main() {}
