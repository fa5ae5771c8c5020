use std::collections::HashMap;

use cachestack::cached;

#[cached(each = id)]
fn users(id: u64) -> HashMap<u64, u64> {
    HashMap::from([(id, id)])
}

fn main() {}
