//! The time that entries live by: monotonic inside a process, wall time only where entries leave it.

mod alarm;
mod coarse;
mod manual;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

pub use self::alarm::{Alarm, alarm};
use self::manual::Manual;

/// A point on a [`Clock`], in nanoseconds. It never goes back. Moments before the clock began are told apart too, for
/// a century: an entry in a store may be older than the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// Where clocks begin: a century after their zero.
    const BEGINNING: u64 = 100 * 365 * 24 * 3600 * 1_000_000_000;

    /// The moment so much later, or `None` where time ends: after about 484 years.
    pub fn checked_add(self, by: Duration) -> Option<Self> {
        let by = u64::try_from(by.as_nanos()).ok()?;
        self.0.checked_add(by).map(Self)
    }

    /// The moment so much earlier, at the earliest a century before the clock began.
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

/// Until when a clock that costs next to nothing is looked at, by what it shows.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u64);

impl Limit {
    /// It never comes, and no clock is looked at.
    pub const NONE: Self = Self(u64::MAX);
}

/// Tells the time to backends, stacks and caches.
///
/// [`Clock::system`] is the default everywhere. With the feature `testing`, `Clock::manual` stands
/// still until a test moves it, so that no test sleeps for a ttl. It is given once, to the builder of the
/// cache or of the stack, which hands it to each layer that was given none.
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    Machine,
    #[cfg(any(test, feature = "testing"))]
    Hand(Arc<Manual>),
    /// A store's that was given none: the machine's, until a stack hands over its own.
    #[cfg(any(test, feature = "testing"))]
    #[allow(dead_code, reason = "for stores, of which there may be none")]
    Open(Arc<OnceLock<Clock>>),
}

impl Clock {
    /// The machine's monotonic clock.
    pub const fn system() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands still until [`advance`](Self::advance) moves it.
    #[cfg(any(test, feature = "testing"))]
    pub fn manual() -> Self {
        Self(Source::Hand(Arc::new(Manual::new())))
    }

    /// Moves a manual clock, and with it every clone of it, forward. Who sleeps by it until then is woken
    /// before this returns. The system clock is left alone.
    #[cfg(any(test, feature = "testing"))]
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = self.manual_one() {
            manual.advance(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX));
        }
    }

    /// For a store that was given no clock.
    #[allow(dead_code, reason = "for stores, of which there may be none")]
    pub(crate) fn open() -> Self {
        #[cfg(any(test, feature = "testing"))]
        return Self(Source::Open(Arc::default()));
        #[cfg(not(any(test, feature = "testing")))]
        Self(Source::Machine)
    }

    /// From now on this is `other`, where it is a store's that was given none. The first one stays.
    pub(crate) fn adopt(&self, other: &Self) {
        #[cfg(any(test, feature = "testing"))]
        if let (Source::Open(open), Source::Hand(_)) = (&self.0, &other.0) {
            let _ = open.set(other.clone());
        }
        let _ = other;
    }

    #[inline]
    fn manual_one(&self) -> Option<&Arc<Manual>> {
        match &self.0 {
            Source::Machine => None,
            #[cfg(any(test, feature = "testing"))]
            Source::Hand(manual) => Some(manual),
            #[cfg(any(test, feature = "testing"))]
            Source::Open(open) => open.get().and_then(Self::manual_one),
        }
    }

    /// Whether this is a clock that a test moves.
    pub(crate) fn is_manual(&self) -> bool {
        self.manual_one().is_some()
    }

    /// The time now, comparable with other moments of this clock and its clones only.
    #[inline]
    pub fn now(&self) -> Moment {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        match self.manual_one() {
            None => {
                let passed = BEGAN.get_or_init(Instant::now).elapsed().as_nanos();
                let passed = u64::try_from(passed).unwrap_or(u64::MAX);
                Moment(Moment::BEGINNING.saturating_add(passed))
            }
            Some(manual) => manual.now(),
        }
    }

    /// A moment as [`is_before`](Self::is_before) takes it.
    #[doc(hidden)]
    pub fn limit(&self, moment: Moment) -> Limit {
        match self.manual_one() {
            None => Limit(coarse::of(moment).saturating_sub(coarse::SLACK)),
            Some(_) => Limit(moment.0),
        }
    }

    /// Whether that moment is still to come. From some 20 ms before it, it may say no: it looks at a clock that costs
    /// next to nothing, where the machine has one.
    #[doc(hidden)]
    #[inline(always)]
    pub fn is_before(&self, limit: Limit) -> bool {
        match self.manual_one() {
            _ if limit == Limit::NONE => true,
            None => coarse::now() < limit.0,
            Some(manual) => manual.now().0 < limit.0,
        }
    }

    /// The time that other processes see too, for entries that are written to a shared store.
    pub fn wall(&self) -> SystemTime {
        match self.manual_one() {
            None => SystemTime::now(),
            Some(manual) => manual.wall(),
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
