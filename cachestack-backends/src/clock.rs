//! The time that entries live by: monotonic inside a process, wall time only where entries leave it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

/// A point on a [`Clock`]: nanoseconds since that clock began. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// The moment so much later, or `None` where time ends: after about 584 years.
    pub fn checked_add(self, by: Duration) -> Option<Self> {
        let by = u64::try_from(by.as_nanos()).ok()?;
        self.0.checked_add(by).map(Self)
    }

    /// The moment so much earlier, at the earliest the clock's beginning.
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)),
        )
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Tells the time to backends, stacks and caches.
///
/// [`Clock::system`] is the default everywhere. With the feature `testing`, `Clock::manual` stands
/// still until a test moves it, so that no test sleeps for a ttl.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<Manual>>);

struct Manual {
    began: SystemTime,
    passed: AtomicU64,
}

impl Clock {
    /// The machine's monotonic clock.
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until [`advance`](Self::advance) moves it.
    #[cfg(any(test, feature = "testing"))]
    pub fn manual() -> Self {
        Self(Some(Arc::new(Manual {
            began: SystemTime::now(),
            passed: AtomicU64::new(0),
        })))
    }

    /// Moves a manual clock, and with it every clone of it, forward. The system clock is left alone.
    #[cfg(any(test, feature = "testing"))]
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = &self.0 {
            let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
            manual.passed.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Whether this is a clock that a test moves.
    pub(crate) fn is_manual(&self) -> bool {
        self.0.is_some()
    }

    /// The time now, comparable with other moments of this clock and its clones only.
    #[inline]
    pub fn now(&self) -> Moment {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        match &self.0 {
            None => {
                let passed = BEGAN.get_or_init(Instant::now).elapsed().as_nanos();
                Moment(u64::try_from(passed).unwrap_or(u64::MAX))
            }
            Some(manual) => Moment(manual.passed.load(Ordering::SeqCst)),
        }
    }

    /// The time that other processes see too, for entries that are written to a shared store.
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            None => SystemTime::now(),
            Some(manual) => {
                manual.began + Duration::from_nanos(manual.passed.load(Ordering::SeqCst))
            }
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_manual() {
            "Clock::manual()"
        } else {
            "Clock::system()"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told_and_with_all_its_clones() {
        let clock = Clock::manual();
        let twin = clock.clone();
        let (before, wall) = (clock.now(), clock.wall());
        assert_eq!(clock.now(), before);
        twin.advance(Duration::from_secs(90));
        assert_eq!(clock.now().since(before), Duration::from_secs(90));
        assert_eq!(
            clock.wall().duration_since(wall).unwrap(),
            Duration::from_secs(90)
        );
    }

    #[test]
    fn a_moment_beyond_the_end_of_time_is_none() {
        let now = Clock::system().now();
        assert_eq!(now.checked_add(Duration::MAX), None);
        assert!(now.checked_add(Duration::from_secs(1)).is_some());
        assert_eq!(
            now.since(now.checked_add(Duration::from_secs(1)).unwrap()),
            Duration::ZERO
        );
    }
}
