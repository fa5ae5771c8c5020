use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    n += 1;
    n
}

fn main() {}
