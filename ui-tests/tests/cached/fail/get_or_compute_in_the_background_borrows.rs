use std::time::Duration;

use cachestack::{Cache, EntryOptions};

async fn user(cache: &Cache, name: &str) -> usize {
    let minute = Duration::from_secs(60);
    let options = EntryOptions::new().ttl(minute).stale_while_revalidate(minute);
    cache.get_or_compute("user", options, || async { name.len() }).await
}

fn main() {}
