//! What a cached function counted.

use std::fmt;

use serde::Serialize;

use crate::cache::Counter;

/// What a cached function counted since the process began, in all caches it used.
///
/// Every call ends as a hit, computed, coalesced, stale, uncached or bypassed; a computation in the background counts as
/// one more call that computed. `Display` is one line for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Calls whose value was in a store.
    pub hits: u64,
    /// Calls that computed, those that failed too.
    pub computed: u64,
    /// Calls that took the result of another call's computation.
    pub coalesced: u64,
    /// Computed values that were not stored, by their condition or a ttl of zero.
    pub refused: u64,
    /// Computations that returned an `Err`.
    pub failed: u64,
    /// Calls that neither read nor wrote, by `bypass`.
    pub bypassed: u64,
    /// Computations that were asked for although a value may have been there, by `refresh`.
    pub refreshed: u64,
    /// Calls that were answered with a stale value.
    pub stale: u64,
    /// Computations in the background that began, for calls that did not wait for them.
    pub revalidated: u64,
    /// Computations that were not waited for any longer: those beside an old value by `timeout`, and calls that failed by
    /// `hard_timeout`.
    pub timeouts: u64,
    /// Calls without a cache: it was closed or not configured, their key could not be written, or another
    /// function has the same path.
    pub uncached: u64,
}

impl fmt::Display for FunctionStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "hits {}, computed {}, coalesced {}, refused {}, failed {}, bypassed {}, refreshed {}, stale {}, revalidated {}, timeouts {}, uncached {}",
            self.hits,
            self.computed,
            self.coalesced,
            self.refused,
            self.failed,
            self.bypassed,
            self.refreshed,
            self.stale,
            self.revalidated,
            self.timeouts,
            self.uncached,
        )
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) hits: Counter,
    pub(super) computed: Counter,
    pub(super) coalesced: Counter,
    pub(super) refused: Counter,
    pub(super) failed: Counter,
    pub(super) bypassed: Counter,
    pub(super) refreshed: Counter,
    pub(super) stale: Counter,
    pub(super) revalidated: Counter,
    pub(super) timeouts: Counter,
    pub(super) uncached: Counter,
}

impl Counters {
    pub(super) const fn new() -> Self {
        Self {
            hits: Counter::new(),
            computed: Counter::new(),
            coalesced: Counter::new(),
            refused: Counter::new(),
            failed: Counter::new(),
            bypassed: Counter::new(),
            refreshed: Counter::new(),
            stale: Counter::new(),
            revalidated: Counter::new(),
            timeouts: Counter::new(),
            uncached: Counter::new(),
        }
    }

    pub(super) fn stats(&self) -> FunctionStats {
        FunctionStats {
            hits: self.hits.get(),
            computed: self.computed.get(),
            coalesced: self.coalesced.get(),
            refused: self.refused.get(),
            failed: self.failed.get(),
            bypassed: self.bypassed.get(),
            refreshed: self.refreshed.get(),
            stale: self.stale.get(),
            revalidated: self.revalidated.get(),
            timeouts: self.timeouts.get(),
            uncached: self.uncached.get(),
        }
    }
}
