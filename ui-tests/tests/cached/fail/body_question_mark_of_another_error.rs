use cachestack::cached;

pub struct Unreadable;

#[cached]
fn number(text: &str) -> Result<u64, Unreadable> {
    Ok(text.parse::<u64>()?)
}

fn main() {}
