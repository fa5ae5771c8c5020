use cachestack::cached;

#[cached(none_ttl = 0)]
fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
