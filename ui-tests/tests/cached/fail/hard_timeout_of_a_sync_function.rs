use cachestack::cached;

#[cached(ttl = 60, hard_timeout = 2)]
fn user(id: u64) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    Ok(id)
}

fn main() {}
