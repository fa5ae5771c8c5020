use cachestack::invalidate;

#[invalidate(key = "user:{name}")]
fn rename(name: &str) -> u64 {
    name.parse::<u64>()?
}

fn main() {}
