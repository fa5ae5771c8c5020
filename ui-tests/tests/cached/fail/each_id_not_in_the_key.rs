use cachestack::cached;

#[cached(each = ids, key = "users:{lang}")]
fn users(ids: &[u64], lang: &str) -> Vec<u64> {
    let _ = lang;
    ids.to_vec()
}

fn main() {}
