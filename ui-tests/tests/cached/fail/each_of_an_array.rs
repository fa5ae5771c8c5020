use cachestack::cached;

#[cached(each = ids)]
fn users(ids: [u64; 2]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
