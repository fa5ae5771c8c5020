use cachestack::cached;

#[cached(each = ids, ttl = 60, stale_while_revalidate = 30, hard_timeout = 5)]
async fn users(ids: &[u64]) -> Result<Vec<u64>, cachestack::Timeout> {
    Ok(ids.to_vec())
}

fn main() {}
