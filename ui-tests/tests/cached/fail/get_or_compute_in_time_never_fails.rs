use std::time::Duration;

use cachestack::{Cache, EntryOptions};

async fn user(cache: &Cache) -> usize {
    let options = EntryOptions::new().hard_timeout(Duration::from_secs(60));
    cache.get_or_compute("user", options, || async { 7 }).await
}

fn main() {}
