use std::collections::HashMap;

use cachestack::cached;

pub type Users = HashMap<u64, u64>;

#[cached(each = ids)]
async fn users(ids: &[u64]) -> Users {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
