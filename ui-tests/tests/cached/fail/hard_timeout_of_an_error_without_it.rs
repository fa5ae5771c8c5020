use cachestack::cached;

#[cached(ttl = 60, hard_timeout = "2s")]
async fn user(id: u64) -> Result<u64, std::fmt::Error> {
    Ok(id)
}

fn main() {}
