use cachestack::cached;

#[cached]
fn length(text: &'a str) -> usize {
    text.len()
}

fn main() {}
