use cachestack::cached;

#[cached(ttl = 60, refresh_ahead = 0.8)]
fn user(id: u64, #[cached(skip)] log: &mut Vec<u64>) -> u64 {
    log.push(id);
    id
}

fn main() {}
