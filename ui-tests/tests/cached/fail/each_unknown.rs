use std::collections::HashMap;

use cachestack::cached;

#[cached(each = idz)]
fn users(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
