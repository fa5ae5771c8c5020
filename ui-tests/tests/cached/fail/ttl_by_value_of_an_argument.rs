use cachestack::cached;

#[cached(ttl = |_| std::time::Duration::from_secs(id))]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
