use std::collections::HashMap;

use cachestack::cached;

#[cached(each = ids)]
fn users(ids: &[u64]) -> HashMap<String, u64> {
    ids.iter().map(|id| (id.to_string(), *id)).collect()
}

fn main() {}
