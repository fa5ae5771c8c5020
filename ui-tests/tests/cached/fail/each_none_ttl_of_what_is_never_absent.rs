use cachestack::cached;

#[cached(each = ids, none_ttl = 5)]
fn users(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
