//! How often a cache was changed by hand: who is to store what was known before can see whether something came in
//! between.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Cache;

/// Counts the changes of all caches, so that one moment means the same to each.
static CLOCK: AtomicU64 = AtomicU64::new(0);

/// The changes of one cache.
#[derive(Debug, Default)]
pub(super) struct Changes {
    begun: AtomicU64,
    last: AtomicU64,
}

/// The moment now: changes that begin later are after it.
pub(crate) fn now() -> u64 {
    CLOCK.load(Ordering::SeqCst)
}

impl Cache {
    /// Counts a change that begins.
    pub(super) fn changes(&self) {
        let moment = CLOCK.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.changes.last.fetch_max(moment, Ordering::SeqCst);
        self.0.changes.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// How many changes have begun.
    pub(crate) fn changes_begun(&self) -> u64 {
        self.0.changes.begun.load(Ordering::SeqCst)
    }

    /// The same, when none has begun since that moment.
    pub(crate) fn unchanged_since(&self, moment: u64) -> Option<u64> {
        let begun = self.changes_begun();
        (self.0.changes.last.load(Ordering::SeqCst) <= moment).then_some(begun)
    }
}
