use cachestack::cached;

#[cached(each = ids, error_ttl = 1)]
fn users(ids: &[u64]) -> Result<Vec<u64>, String> {
    Ok(ids.to_vec())
}

fn main() {}
