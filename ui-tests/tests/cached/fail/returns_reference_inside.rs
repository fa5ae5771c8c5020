use cachestack::cached;

#[cached]
fn first(text: &str) -> Option<&str> {
    text.lines().next()
}

fn main() {}
