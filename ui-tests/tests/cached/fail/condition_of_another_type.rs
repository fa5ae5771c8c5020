use cachestack::cached;

fn is_long(text: &String) -> bool {
    text.len() > 5
}

#[cached(condition = is_long)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
