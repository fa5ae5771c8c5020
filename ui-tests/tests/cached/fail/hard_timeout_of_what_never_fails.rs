use cachestack::cached;

#[cached(ttl = 60, hard_timeout)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
