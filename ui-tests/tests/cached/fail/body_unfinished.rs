use cachestack::cached;

#[cached]
fn double(text: &str) -> usize {
    text.
}

fn main() {}
