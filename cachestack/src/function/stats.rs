//! What a cached function counted.

use std::fmt;

use cachestack_backends::{Tally, Timer, Timings};
use serde::Serialize;

use crate::events::Outcome;

/// What a cached function counted since the process began, in all caches it used.
///
/// Every call that returned ends as a hit, computed, coalesced, stale, uncached or bypassed, or by its `hard_timeout`; one
/// that computed and then was answered with an old value counts as both, and a computation in the background as one more
/// that computed. `Display` is one line for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Calls whose value was in a store.
    pub hits: u64,
    /// The same by layer, the top one first, down to the deepest that had any. What is below the eighth layer counts
    /// as there.
    pub hits_by_layer: Vec<u64>,
    /// Calls that were answered with a stale value.
    pub stale: u64,
    /// Calls that computed, those that failed too.
    pub computed: u64,
    /// Calls that took the result of another call's computation.
    pub coalesced: u64,
    /// Computed values that were not stored, by their condition or a ttl of zero.
    pub refused: u64,
    /// Computed values that were not stored, because an invalidation or a newer write came between.
    pub fenced: u64,
    /// Computations that returned an `Err`.
    pub failed: u64,
    /// Look-ups and stores that failed; the calls went on without.
    pub failed_open: u64,
    /// Calls that neither read nor wrote, by `bypass`.
    pub bypassed: u64,
    /// Computations that were asked for although a value may have been there, by `refresh`.
    pub refreshed: u64,
    /// Computations in the background that began, for calls that did not wait for them.
    pub revalidated: u64,
    /// Computations that were not waited for any longer: those beside an old value by `timeout`, and calls that failed by
    /// `hard_timeout`.
    pub timeouts: u64,
    /// Calls without a cache: it was closed or not configured, their key could not be written, or another
    /// function has the same path.
    pub uncached: u64,
    /// How long computations took that returned, failed ones and those in the background too, by the cache's clock.
    /// Calls that were bypassed or uncached are not timed.
    pub computing: Timings,
}

impl fmt::Display for FunctionStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hits {}", self.hits)?;
        if self.hits_by_layer.len() > 1 {
            for (depth, hits) in self.hits_by_layer.iter().enumerate() {
                let before = if depth == 0 { " (" } else { ", " };
                write!(f, "{before}L{} {hits}", depth + 1)?;
            }
            write!(f, ")")?;
        }
        write!(
            f,
            ", computed {}, coalesced {}, refused {}, failed {}, bypassed {}, refreshed {}, stale {}, revalidated {}, timeouts {}, uncached {}",
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
        )?;
        for (name, number) in [
            ("fenced off", self.fenced),
            ("failed open", self.failed_open),
        ] {
            if number > 0 {
                write!(f, ", {name} {number}")?;
            }
        }
        match self.computing.count {
            0 => Ok(()),
            _ => write!(f, ", computing {}", self.computing),
        }
    }
}

/// So many layers have their hits counted apart.
const LAYERS: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: [Tally; LAYERS],
    stale: Tally,
    computed: Tally,
    coalesced: Tally,
    refused: Tally,
    fenced: Tally,
    failed: Tally,
    failed_open: Tally,
    bypassed: Tally,
    refreshed: Tally,
    pub(super) revalidated: Tally,
    pub(super) timeouts: Tally,
    uncached: Tally,
    pub(crate) computing: Timer,
}

impl Counters {
    pub(super) const fn new() -> Self {
        Self {
            hits: [const { Tally::new() }; LAYERS],
            stale: Tally::new(),
            computed: Tally::new(),
            coalesced: Tally::new(),
            refused: Tally::new(),
            fenced: Tally::new(),
            failed: Tally::new(),
            failed_open: Tally::new(),
            bypassed: Tally::new(),
            refreshed: Tally::new(),
            revalidated: Tally::new(),
            timeouts: Tally::new(),
            uncached: Tally::new(),
            computing: Timer::new(),
        }
    }

    /// One more hit in the top layer.
    #[inline]
    pub(super) fn hit_on_top(&self) {
        self.hits[0].one_more();
    }

    /// Hits in the top layer.
    #[inline]
    pub(super) fn hits_on_top(&self) -> &Tally {
        &self.hits[0]
    }

    /// One more hit in that layer.
    pub(crate) fn hit(&self, layer: usize) {
        self.hits[layer.min(LAYERS - 1)].one_more();
    }

    /// One more of that outcome. Hits are counted by layer.
    pub(crate) fn count(&self, outcome: Outcome) {
        match outcome {
            Outcome::Hit | Outcome::Late => return,
            Outcome::Stale => &self.stale,
            Outcome::Computed => &self.computed,
            Outcome::Coalesced => &self.coalesced,
            Outcome::Refused => &self.refused,
            Outcome::Fenced => &self.fenced,
            Outcome::Failed | Outcome::RevalidationFailed => &self.failed,
            Outcome::FailedOpen => &self.failed_open,
            Outcome::Bypassed => &self.bypassed,
            Outcome::Refreshed => &self.refreshed,
            Outcome::Revalidated => &self.revalidated,
            Outcome::TimedOut => &self.timeouts,
            Outcome::Uncached => &self.uncached,
        }
        .one_more();
    }

    pub(crate) fn stats(&self) -> FunctionStats {
        let mut hits_by_layer: Vec<u64> = self.hits.iter().map(Tally::get).collect();
        let deepest = hits_by_layer.iter().rposition(|hits| *hits > 0);
        hits_by_layer.truncate(deepest.map_or(0, |deepest| deepest + 1));
        FunctionStats {
            hits: hits_by_layer.iter().sum(),
            hits_by_layer,
            stale: self.stale.get(),
            computed: self.computed.get(),
            coalesced: self.coalesced.get(),
            refused: self.refused.get(),
            fenced: self.fenced.get(),
            failed: self.failed.get(),
            failed_open: self.failed_open.get(),
            bypassed: self.bypassed.get(),
            refreshed: self.refreshed.get(),
            revalidated: self.revalidated.get(),
            timeouts: self.timeouts.get(),
            uncached: self.uncached.get(),
            computing: self.computing.timings(),
        }
    }
}
