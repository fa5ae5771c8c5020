use cachestack::cached;

#[cached]
fn number(text: &str) -> u64 {
    text.parse::<u64>()?
}

fn main() {}
