use cachestack::cached;

#[cached(each = ids, condition = Option::is_some)]
fn users(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
