//! Cached functions: what is kept, for how long, under which key, and what deletes it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "functions/entries.rs"]
mod entries;
#[path = "functions/failing.rs"]
mod failing;
#[path = "functions/kept.rs"]
mod kept;
#[path = "functions/keys.rs"]
mod keys;
#[path = "functions/mutations.rs"]
mod mutations;
#[path = "functions/times.rs"]
mod times;

use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::Cache;

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

/// Counts what it is called for.
struct Runs(AtomicUsize);

impl Runs {
    const fn none() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Counts one more, and says how many there were before.
    fn one_more(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
