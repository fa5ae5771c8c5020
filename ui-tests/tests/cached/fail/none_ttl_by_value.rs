use cachestack::cached;

#[cached(none_ttl = |_| 5)]
fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
