use cachestack::cached;

#[derive(Clone)]
pub struct Id;

#[cached(each = ids)]
fn users(ids: &[Id]) -> Vec<u64> {
    ids.iter().map(|_| 1).collect()
}

fn main() {}
