use cachestack::cached;

#[cached(each = ids)]
fn users(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {
    let _ = users::entry(&[1, 2]);
}
