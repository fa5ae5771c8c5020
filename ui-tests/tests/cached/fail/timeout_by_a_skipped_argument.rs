use std::time::Duration;

use cachestack::cached;

#[cached(ttl = 60, stale_if_error = 60, timeout = patience, skip(patience))]
fn user(id: u64, patience: Duration) -> Result<u64, String> {
    let _ = patience;
    Ok(id)
}

fn main() {}
