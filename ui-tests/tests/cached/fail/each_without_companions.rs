use cachestack::cached;

#[cached(each = ids, companions = false)]
fn users(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
