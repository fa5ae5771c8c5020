use cachestack::cached;

#[cached(ttl = 60, stale_if_error = 60, timeout = "200ms", companions = false)]
fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
