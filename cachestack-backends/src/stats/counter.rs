//! Numbers that many threads raise.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Stats, Tally};
use crate::backend::Lookup;
use crate::entry::ValueType;

/// One number; reading it while others raise it gives some value it had.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn add(&self, by: u64) {
        if by > 0 {
            self.0.fetch_add(by, Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The numbers every backend keeps.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// These are raised more often than all the others.
    pub(crate) hits: Tally,
    pub(crate) misses: Tally,
    pub(crate) writes: Tally,
    pub(crate) errors: Counter,
    pub(crate) deletes: Counter,
    pub(crate) evictions: Counter,
    pub(crate) expirations: Counter,
    pub(crate) corrupt: Counter,
    pub(crate) backfills: Counter,
    pub(crate) fenced: Counter,
    pub(crate) outdated: Counter,
}

impl Counters {
    /// Counts what a user's look-up of that type found.
    pub(crate) fn count_found(&self, value_type: &ValueType, found: &Lookup) {
        match found {
            _ if !value_type.is_counted() => {}
            Lookup::Hit(_) => self.hits.one_more(),
            Lookup::Miss | Lookup::Mismatch => self.misses.one_more(),
        }
    }

    /// The same for several.
    #[cfg(any(feature = "file", feature = "network"))]
    pub(crate) fn count_all_found(
        &self,
        keys: &[(crate::key::Key, &'static ValueType)],
        found: &[Lookup],
    ) {
        for ((_, value_type), found) in keys.iter().zip(found) {
            self.count_found(value_type, found);
        }
    }

    pub(crate) fn stats(&self, backend: impl Into<String>) -> Stats {
        Stats {
            hits: self.hits.get(),
            misses: self.misses.get(),
            errors: self.errors.get(),
            writes: self.writes.get(),
            deletes: self.deletes.get(),
            evictions: self.evictions.get(),
            expirations: self.expirations.get(),
            corrupt: self.corrupt.get(),
            backfills: self.backfills.get(),
            fenced: self.fenced.get(),
            outdated: self.outdated.get(),
            ..Stats::new(backend)
        }
    }
}
