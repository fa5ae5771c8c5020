use std::sync::Arc;

use cachestack::cached;

pub struct Query;

#[cached]
fn count(query: Arc<Query>) -> u64 {
    let _ = query;
    1
}

fn main() {}
