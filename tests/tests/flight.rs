//! One computation at a time for each key: who computes, who waits, and what they get.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "flight/errors.rs"]
mod errors;
#[path = "flight/handover.rs"]
mod handover;
#[path = "flight/invalidated.rs"]
mod invalidated;
#[path = "flight/nested.rs"]
mod nested;
#[path = "flight/once.rs"]
mod once;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::Cache;
use tokio::sync::Semaphore;

fn cache() -> Cache {
    Cache::builder().build().unwrap()
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
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

async fn in_flight(cache: &Cache) -> u64 {
    cache.stats().await.unwrap().in_flight
}
