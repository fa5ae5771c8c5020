use std::collections::HashMap;

use cachestack::cached;

pub struct Query;

#[cached]
fn search(queries: HashMap<String, Vec<Query>>) -> usize {
    queries.len()
}

fn main() {}
