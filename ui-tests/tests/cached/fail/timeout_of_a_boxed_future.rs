use std::pin::Pin;

use cachestack::cached;

#[cached(ttl = 60, stale_if_error = 60, timeout = "200ms")]
fn user(id: u64) -> Pin<Box<dyn Future<Output = Result<u64, String>> + Send>> {
    Box::pin(async move { Ok(id) })
}

fn main() {}
