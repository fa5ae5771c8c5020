use cachestack::invalidate;

#[invalidate(key = "user")]
pub struct User;

fn main() {}
