use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    let text: String = n;
    text.len() as u64
}

fn main() {}
