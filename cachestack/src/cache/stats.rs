//! What a cache counted.

use std::fmt;

use cachestack_backends::{Stats, Tally, Timer, Timings};
use serde::Serialize;

use crate::events::Outcome;

/// What a cache counted since it was made, with its stack's numbers below.
///
/// `Display` is a few lines for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// The cache's namespace.
    pub namespace: String,
    /// Computations that began.
    pub computed: u64,
    /// Calls that took the result of another call's computation.
    pub coalesced: u64,
    /// Computed values that were not stored, by their condition or a ttl of zero.
    pub refused: u64,
    /// Computations that returned an `Err`.
    pub failed: u64,
    /// Calls that were answered with a stale value.
    pub stale: u64,
    /// Computations in the background that began, for calls that did not wait for them.
    pub revalidated: u64,
    /// The same that did not begin: as many as may were running. The next call tries again.
    pub put_off: u64,
    /// Computations that were asked for although a value may have been there, by `refresh`.
    pub refreshed: u64,
    /// Calls of functions that neither read nor wrote, by `bypass`.
    pub bypassed: u64,
    /// Computed values that were not stored, because an invalidation or a newer write came between.
    pub fenced: u64,
    /// Look-ups and stores of functions that failed; the functions went on.
    pub failed_open: u64,
    /// Calls that failed because they took longer than their `hard_timeout`.
    pub timed_out: u64,
    /// Invalidations after functions that a layer did not take at once. It is not read for those keys until
    /// it has.
    pub late: u64,
    /// Calls that were computed without the cache: it was closed, or their key could not be written.
    pub uncached: u64,
    /// Keys that are being computed at this moment.
    pub in_flight: u64,
    /// Computations that run in the background at this moment.
    pub in_background: u64,
    /// How long computations took that returned, by the cache's clock.
    pub computing: Timings,
    /// The stack, layer by layer.
    pub stack: Stats,
}

impl fmt::Display for CacheStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}: ", self.namespace)?;
        }
        write!(
            f,
            "computed {}, coalesced {}, refused {}, failed open {}, late {}, uncached {}, stale {}, revalidated {}, put off {}, in flight {}, in background {}",
            self.computed,
            self.coalesced,
            self.refused,
            self.failed_open,
            self.late,
            self.uncached,
            self.stale,
            self.revalidated,
            self.put_off,
            self.in_flight,
            self.in_background,
        )?;
        for (name, number) in [
            ("failed", self.failed),
            ("timed out", self.timed_out),
            ("refreshed", self.refreshed),
            ("bypassed", self.bypassed),
            ("fenced off", self.fenced),
        ] {
            if number > 0 {
                write!(f, ", {name} {number}")?;
            }
        }
        if self.computing.count > 0 {
            write!(f, ", computing {}", self.computing)?;
        }
        write!(f, "\n{}", self.stack)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) computed: Tally,
    coalesced: Tally,
    refused: Tally,
    failed: Tally,
    stale: Tally,
    pub(crate) revalidated: Tally,
    pub(crate) put_off: Tally,
    refreshed: Tally,
    bypassed: Tally,
    fenced: Tally,
    failed_open: Tally,
    late: Tally,
    timed_out: Tally,
    pub(crate) uncached: Tally,
    pub(crate) computing: Timer,
}

impl Counters {
    /// One more of that outcome. Hits are counted by the stack.
    pub(crate) fn count(&self, outcome: Outcome) {
        match outcome {
            Outcome::Hit => return,
            Outcome::Computed => &self.computed,
            Outcome::Coalesced => &self.coalesced,
            Outcome::Refused => &self.refused,
            Outcome::Failed | Outcome::RevalidationFailed => &self.failed,
            Outcome::Stale => &self.stale,
            Outcome::Revalidated => &self.revalidated,
            Outcome::Refreshed => &self.refreshed,
            Outcome::Bypassed => &self.bypassed,
            Outcome::Fenced => &self.fenced,
            Outcome::FailedOpen => &self.failed_open,
            Outcome::Late => &self.late,
            Outcome::TimedOut => &self.timed_out,
            Outcome::Uncached => &self.uncached,
        }
        .one_more();
    }

    pub(super) fn stats(
        &self,
        namespace: &str,
        in_flight: usize,
        in_background: usize,
        stack: Stats,
    ) -> CacheStats {
        CacheStats {
            namespace: namespace.to_owned(),
            computed: self.computed.get(),
            coalesced: self.coalesced.get(),
            refused: self.refused.get(),
            failed: self.failed.get(),
            stale: self.stale.get(),
            revalidated: self.revalidated.get(),
            put_off: self.put_off.get(),
            refreshed: self.refreshed.get(),
            bypassed: self.bypassed.get(),
            fenced: self.fenced.get(),
            failed_open: self.failed_open.get(),
            late: self.late.get(),
            timed_out: self.timed_out.get(),
            uncached: self.uncached.get(),
            in_flight: in_flight as u64,
            in_background: in_background as u64,
            computing: self.computing.timings(),
            stack,
        }
    }
}
