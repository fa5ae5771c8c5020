use std::collections::HashMap;

use cachestack::cached;

#[derive(Clone)]
pub struct User;

#[cached(each = ids)]
async fn users(ids: &[u64]) -> HashMap<u64, User> {
    ids.iter().map(|id| (*id, User)).collect()
}

fn main() {}
