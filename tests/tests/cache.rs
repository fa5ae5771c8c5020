//! The cache by hand: every method, async and blocking, over one backend and over stacks.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "cache/blocking.rs"]
mod blocking;
#[path = "cache/building.rs"]
mod building;
#[path = "cache/by_hand.rs"]
mod by_hand;
#[path = "cache/clock.rs"]
mod clock;
#[path = "cache/closed.rs"]
mod closed;
#[path = "cache/counted.rs"]
mod counted;
#[path = "cache/layers.rs"]
mod layers;
#[path = "cache/tags.rs"]
mod tags;

use std::time::Duration;

use cachestack::{Cache, Clock, MemoryBackend};

const MINUTE: Duration = Duration::from_secs(60);

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

/// A cache that lives by a clock which the test moves.
fn with_clock() -> (Cache, Clock) {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let cache = Cache::builder().layer(memory.build().unwrap());
    (cache.clock(clock.clone()).build().unwrap(), clock)
}
