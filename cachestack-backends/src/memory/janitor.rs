//! Frees ended entries in the background, so that dead ones take no memory for long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::backend::Inner;
use crate::clock::{Clock, Moment};
use crate::runtime::{pool, timer_after};

/// No two sweeps are closer together than this.
const SHORTEST: Duration = Duration::from_secs(1);
/// A sweep is followed by at least so many times its own duration without one.
const REST: u32 = 50;
const NEVER: u64 = u64::MAX;

/// Knows when the next sweep is due, in nanoseconds of the system clock.
#[derive(Debug)]
pub(super) struct Janitor(AtomicU64);

impl Default for Janitor {
    fn default() -> Self {
        Self(AtomicU64::new(NEVER))
    }
}

impl Janitor {
    /// Sees to it that a sweep comes, so long `after` that moment of the system clock, or at most as long again and a second later.
    #[inline]
    pub(super) fn call(&self, memory: &Arc<Inner>, now: Moment, after: Duration) {
        let now = now.nanos();
        let after = u64::try_from(after.max(SHORTEST).as_nanos()).unwrap_or(NEVER);
        let due = self.0.load(Ordering::Relaxed);
        // Only what is due in half the time is worth another timer; so there are few of them.
        if due != NEVER && after >= due.saturating_sub(now) / 2 {
            return;
        }
        let wanted = now.saturating_add(after);
        let taken = self
            .0
            .compare_exchange(due, wanted, Ordering::AcqRel, Ordering::Relaxed);
        if taken.is_ok() {
            schedule(Arc::downgrade(memory), Duration::from_nanos(after));
        }
    }
}

fn schedule(memory: Weak<Inner>, after: Duration) {
    timer_after(after, move || {
        // The timer's thread must not be held up. Where the pool has no room, the next entry calls again.
        let later = memory.clone();
        if pool().spawn(move || sweep(&memory)).is_err() {
            if let Some(inner) = later.upgrade() {
                inner.janitor().0.store(NEVER, Ordering::Release);
            }
        }
    });
}

fn sweep(memory: &Weak<Inner>) {
    let Some(inner) = memory.upgrade() else {
        return;
    };
    let janitor = inner.janitor();
    // A timer that was overtaken by an earlier one finds the sweep done.
    if janitor.0.load(Ordering::Acquire) == NEVER {
        return;
    }
    // Whoever sets an entry from here on calls again.
    janitor.0.store(NEVER, Ordering::Release);
    let began = Instant::now();
    if let Some(next) = inner.free_ended() {
        let rest = began.elapsed() * REST;
        janitor.call(&inner, Clock::system().now(), next.max(rest));
    }
}
