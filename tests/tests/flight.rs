//! One computation at a time for each key: who computes, who waits, and what they get.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "flight/blocked.rs"]
mod blocked;
#[path = "flight/dropped.rs"]
mod dropped;
#[path = "flight/errors.rs"]
mod errors;
#[path = "flight/handover.rs"]
mod handover;
#[path = "flight/invalidated.rs"]
mod invalidated;
#[path = "flight/lease.rs"]
mod lease;
#[path = "flight/nested.rs"]
mod nested;
#[path = "flight/once.rs"]
mod once;
#[path = "flight/recursion.rs"]
mod recursion;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::{Cache, Clock, MemoryBackend};
use tokio::sync::Semaphore;

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

/// A cache whose leases end when the clock is moved by hand.
fn clocked() -> (Cache, Clock) {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let cache = Cache::builder()
        .clock(clock.clone())
        .layer(memory.build().unwrap())
        .build();
    (cache.unwrap(), clock)
}

/// Counts computations, and holds each up until it is let go.
#[derive(Clone)]
struct Gate(Arc<(AtomicUsize, Semaphore)>);

impl Gate {
    fn closed() -> Self {
        Self(Arc::new((AtomicUsize::new(0), Semaphore::new(0))))
    }

    /// A computation comes here.
    async fn pass(&self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
        self.0.1.acquire().await.unwrap().forget();
    }

    fn let_go(&self, computations: usize) {
        self.0.1.add_permits(computations);
    }

    /// How many computations have begun.
    fn begun(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }
}

/// Lets every other task of a current-thread runtime run until it waits.
async fn settle() {
    settle_all(1_000).await;
}

/// The same for so many tasks: the runtime comes back to this one after at most 61 of them.
async fn settle_all(tasks: usize) {
    for _ in 0..20 + tasks / 20 {
        tokio::task::yield_now().await;
    }
}

async fn in_flight(cache: &Cache) -> u64 {
    cache.stats().await.unwrap().in_flight
}
