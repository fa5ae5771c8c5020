use cachestack::cached;

#[cached]
fn numbers(n: u64) -> Option<impl Iterator<Item = u64>> {
    Some(0..n)
}

fn main() {}
