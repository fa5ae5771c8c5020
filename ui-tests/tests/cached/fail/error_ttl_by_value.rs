use cachestack::cached;

#[cached(error_ttl = |_| 5)]
fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
