use cachestack::cached;

#[cached(each = ids, skip(ids))]
fn users(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
