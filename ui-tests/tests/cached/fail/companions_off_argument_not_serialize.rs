use cachestack::cached;

pub struct Query;

#[cached(companions = false)]
fn count(query: &Query) -> u64 {
    let _ = query;
    1
}

fn main() {}
