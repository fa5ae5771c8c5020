use cachestack::cached;

#[cached]
fn double(text: String) -> usize {
    drop(text);
    text.len()
}

fn main() {}
