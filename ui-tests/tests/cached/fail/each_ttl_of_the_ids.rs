use cachestack::cached;

#[cached(each = ids, ttl = std::time::Duration::from_secs(ids.len() as u64))]
fn users(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
