use cachestack::cached;

#[cached(ttl = 60, stale_if_error = 600)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
