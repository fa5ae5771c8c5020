//! Counting how often something runs.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what it is called for.
#[derive(Debug)]
pub struct Runs(AtomicUsize);

impl Runs {
    /// A count of none, for a `static` too.
    pub const fn none() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Counts one more, and says how many there were before.
    pub fn one_more(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
