use cachestack::cached;

#[cached(ttl = 60, stale_if_error = 0)]
fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
