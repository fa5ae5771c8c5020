use cachestack::cached;

#[cached(ttl = 60, jitter = "10%")]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
