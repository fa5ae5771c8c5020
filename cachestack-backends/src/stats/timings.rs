//! How long something took.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::Tally;

/// How long something took that happened several times.
///
/// Serialised, the times are seconds. `Display` is a few words for people.
///
/// ```
/// use std::time::Duration;
/// use cachestack_backends::Timings;
///
/// let timings = Timings { count: 4, total: Duration::from_secs(6), longest: Duration::from_secs(3) };
/// assert_eq!(timings.average(), Some(Duration::from_millis(1_500)));
/// assert_eq!(timings.to_string(), "4 in 6.0s, 1.5s on average, 3.0s at most");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Timings {
    /// How often it happened.
    pub count: u64,
    /// How long all of them took together.
    #[serde(serialize_with = "seconds")]
    pub total: Duration,
    /// How long the longest took.
    #[serde(serialize_with = "seconds")]
    pub longest: Duration,
}

impl Timings {
    /// How long one took on average; `None` before the first.
    pub fn average(&self) -> Option<Duration> {
        let nanos = self.total.as_nanos().checked_div(u128::from(self.count))?;
        u64::try_from(nanos).ok().map(Duration::from_nanos)
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {:.1?}", self.count, self.total)?;
        match self.average() {
            Some(average) => write!(
                f,
                ", {average:.1?} on average, {:.1?} at most",
                self.longest
            ),
            None => Ok(()),
        }
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// Adds up times from many threads, in whole nanoseconds.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Timer {
    count: Tally,
    total: Tally,
    longest: AtomicU64,
}

impl Timer {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            count: Tally::new(),
            total: Tally::new(),
            longest: AtomicU64::new(0),
        }
    }

    /// One more.
    pub fn add(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.count.one_more();
        self.total.add(nanos);
        if nanos > self.longest.load(Ordering::Relaxed) {
            self.longest.fetch_max(nanos, Ordering::Relaxed);
        }
    }

    /// What it is by now; while others add, some of it may be of a moment ago.
    pub fn timings(&self) -> Timings {
        Timings {
            count: self.count.get(),
            total: Duration::from_nanos(self.total.get()),
            longest: Duration::from_nanos(self.longest.load(Ordering::Relaxed)),
        }
    }
}
