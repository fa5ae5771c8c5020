//! Stale values, refreshes in the background, and timeouts.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "freshness/ahead.rs"]
mod ahead;
#[path = "freshness/background.rs"]
mod background;
#[path = "freshness/by_hand.rs"]
mod by_hand;
#[path = "freshness/defaults.rs"]
mod defaults;
#[path = "freshness/if_error.rs"]
mod if_error;
#[path = "freshness/limits.rs"]
mod limits;
#[path = "freshness/owned.rs"]
mod owned;
#[path = "freshness/revalidate.rs"]
mod revalidate;
#[path = "freshness/stacks.rs"]
mod stacks;
#[path = "freshness/timeout.rs"]
mod timeout;

use std::future::Future;
use std::time::{Duration, Instant};

use cachestack::{Cache, CacheBuilder, Clock};
use cachestack_tests::Runs;

const SECOND: Duration = Duration::from_secs(1);
/// What anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cache by a clock in the test's hand.
fn with_clock() -> (Cache, Clock) {
    built(|builder| builder)
}

fn built(set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> (Cache, Clock) {
    let clock = Clock::manual();
    let cache = set(Cache::builder().clock(clock.clone()));
    (cache.build().unwrap(), clock)
}

/// Waits until something is so.
async fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it never was so");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The same for sync code.
fn until_sync(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it never was so");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A future that must end.
async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}
