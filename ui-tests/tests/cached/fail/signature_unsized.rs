use cachestack::cached;

#[cached]
fn length(text: str) -> usize {
    text.len()
}

fn main() {}
