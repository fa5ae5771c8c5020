use cachestack::cached;

#[cached(ttl = 0)]
fn double(n: u64) -> u64 {
    let text: String = n;
    text.len() as u64
}

fn main() {}
