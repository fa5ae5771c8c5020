//! How old a value may be, and what is done about it.

use std::collections::hash_map::RandomState;
use std::error::Error as StdError;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{AnyValue, Entry, Moment};

use crate::events::Outcome;

/// What was said of staleness in one place; what was not said is left to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Freshness {
    pub(crate) stale_while_revalidate: Option<Duration>,
    pub(crate) stale_if_error: Option<Duration>,
    pub(crate) refresh_ahead: Option<f64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) hard_timeout: Option<Duration>,
    pub(crate) jitter: Option<f64>,
}

impl Freshness {
    /// Nothing said.
    pub(crate) const NONE: Self = Self::new();

    /// Nothing said.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stale_while_revalidate: None,
            stale_if_error: None,
            refresh_ahead: None,
            timeout: None,
            hard_timeout: None,
            jitter: None,
        }
    }

    /// How long after its time a value is served while a new one is computed.
    #[must_use]
    pub const fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.stale_while_revalidate = Some(time);
        self
    }

    /// How long after its time a value is served when no new one can be computed.
    #[must_use]
    pub const fn stale_if_error(mut self, time: Duration) -> Self {
        self.stale_if_error = Some(time);
        self
    }

    /// After what part of its time to live a value is computed anew.
    #[must_use]
    pub const fn refresh_ahead(mut self, part: f64) -> Self {
        self.refresh_ahead = Some(part);
        self
    }

    /// How long a computation is waited for when there is an old value.
    #[must_use]
    pub const fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// How long a call takes at most.
    #[must_use]
    pub const fn hard_timeout(mut self, time: Duration) -> Self {
        self.hard_timeout = Some(time);
        self
    }

    /// By what part a time to live is shortened at most.
    #[must_use]
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = Some(part);
        self
    }

    pub(crate) fn is_silent(&self) -> bool {
        *self == Self::NONE
    }

    fn or(&self, other: &Self) -> Self {
        Self {
            stale_while_revalidate: self.stale_while_revalidate.or(other.stale_while_revalidate),
            stale_if_error: self.stale_if_error.or(other.stale_if_error),
            refresh_ahead: self.refresh_ahead.or(other.refresh_ahead),
            timeout: self.timeout.or(other.timeout),
            hard_timeout: self.hard_timeout.or(other.hard_timeout),
            jitter: self.jitter.or(other.jitter),
        }
    }

    /// The settings of a call, with those of its cache where it says nothing.
    pub(crate) fn resolve(&self, default: &Self) -> Policy {
        let all = self.or(default);
        // A time of zero is none, also against the cache's.
        let time = |time: Option<Duration>| time.filter(|time| !time.is_zero());
        Policy {
            while_revalidated: time(all.stale_while_revalidate).unwrap_or_default(),
            if_error: time(all.stale_if_error).unwrap_or_default(),
            ahead: all.refresh_ahead.filter(|part| *part > 0.0 && *part < 1.0),
            timeout: time(all.timeout),
            hard_timeout: time(all.hard_timeout),
            jitter: all.jitter.map_or(0.0, |part| part.clamp(0.0, 1.0)),
        }
    }
}

/// What holds for one call.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Policy {
    while_revalidated: Duration,
    if_error: Duration,
    ahead: Option<f64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) hard_timeout: Option<Duration>,
    jitter: f64,
}

/// How old an entry is, to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    Fresh,
    /// Fresh, and to be computed anew before it is not.
    Due,
    /// Served while a new value is computed.
    Stale,
    /// Served when no new value can be computed.
    Old,
    /// Not served.
    Ended,
}

impl Age {
    /// What becomes of a call that is answered with a value of that age.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Fresh | Self::Due => Outcome::Hit,
            Self::Stale | Self::Old | Self::Ended => Outcome::Stale,
        }
    }
}

/// A value that is served although it is not fresh, or not for long.
#[derive(Debug, Clone)]
pub(crate) struct Aged<V = AnyValue> {
    pub(crate) value: V,
    pub(crate) age: Age,
    /// The layer that had it, where it was not left by another call.
    pub(crate) layer: Option<usize>,
}

impl Aged {
    /// The same of the value that is loaded from it.
    pub(crate) fn load<V>(&self, load: fn(&AnyValue) -> Option<V>) -> Option<Aged<V>> {
        let Self { age, layer, .. } = *self;
        load(&self.value).map(|value| Aged { value, age, layer })
    }
}

impl Policy {
    /// Without any stale times.
    pub(crate) const NONE: Self = Self {
        while_revalidated: Duration::ZERO,
        if_error: Duration::ZERO,
        ahead: None,
        timeout: None,
        hard_timeout: None,
        jitter: 0.0,
    };

    pub(crate) fn of(policy: &Option<Arc<Self>>) -> &Self {
        Self::of_ref(policy.as_ref())
    }

    pub(crate) fn of_ref(policy: Option<&Arc<Self>>) -> &Self {
        policy.map_or(&Self::NONE, |policy| policy)
    }

    pub(crate) fn age(&self, entry: &Entry, now: Moment) -> Age {
        let Some(until) = entry.fresh_until_moment() else {
            return Age::Fresh;
        };
        if now < until {
            let lives = until.since(entry.created_at());
            let lived = now.since(entry.created_at());
            return match self.ahead {
                Some(part) if lived >= lives.mul_f64(part) => Age::Due,
                _ => Age::Fresh,
            };
        }
        let stale = now.since(until);
        match stale {
            _ if stale < self.while_revalidated => Age::Stale,
            _ if stale < self.if_error => Age::Old,
            _ => Age::Ended,
        }
    }

    /// From when on an entry that is fresh until some moment is more than that to a call.
    pub(crate) fn due(&self, entry: &Entry) -> Option<Moment> {
        let until = entry.fresh_until_moment()?;
        let made = entry.created_at();
        match self.ahead {
            Some(part) => made.checked_add(until.since(made).mul_f64(part)),
            None => Some(until),
        }
    }

    /// What the entry is where no new value is to be had, if it may be served.
    pub(crate) fn served(&self, entry: &Entry, now: Moment, layer: Option<usize>) -> Option<Aged> {
        let age = self.age(entry, now);
        (age != Age::Ended).then(|| Aged {
            value: Arc::clone(entry.any()),
            age,
            layer,
        })
    }

    /// The entry with its times: for how long it is fresh, and for how long it is kept beyond that, within the
    /// longest that any entry may be.
    pub(crate) fn times(
        &self,
        entry: Entry,
        now: Moment,
        ttl: Option<Duration>,
        most: Option<Duration>,
    ) -> Entry {
        let Some(ttl) = ttl else {
            return entry.capped(now, most);
        };
        let ttl = match self.jitter > 0.0 {
            true => shortened(ttl, self.jitter * random_part()),
            false => ttl,
        };
        let fresh = most.map_or(ttl, |most| ttl.min(most));
        let stale = self.while_revalidated.max(self.if_error);
        let entry = entry.capped(now, Some(fresh.saturating_add(stale)));
        match stale.is_zero() && self.ahead.is_none() {
            true => entry.capped(now, most),
            false => entry.capped(now, most).fresh_until(now.checked_add(fresh)),
        }
    }
}

/// The time without that part of it.
fn shortened(time: Duration, by: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * (1.0 - by)).unwrap_or(time)
}

/// From 0 to 1.
fn random_part() -> f64 {
    // Each state has keys of its own, which begin with the system's random numbers.
    let random = RandomState::new().hash_one(0) >> 11;
    random as f64 / (1_u64 << 53) as f64
}

/// A call was not answered within its `hard_timeout`.
///
/// A function with that argument returns a `Result` whose error is made of this.
///
/// ```
/// #[derive(Debug)]
/// enum DbError {
///     TooSlow,
/// }
///
/// impl From<cachestack::Timeout> for DbError {
///     fn from(_: cachestack::Timeout) -> Self {
///         Self::TooSlow
///     }
/// }
///
/// #[cachestack::cached(ttl = 60, hard_timeout = "2s")]
/// async fn load(id: u64) -> Result<String, DbError> {
///     Ok(format!("user {id}"))
/// }
/// # async fn run() -> Result<(), DbError> { load(1).await.map(drop) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeout {
    /// How long the call was waited for.
    pub after: Duration,
}

impl Timeout {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the call was not answered within {:?}", self.after)
    }
}

impl StdError for Timeout {}

#[cfg(test)]
mod tests {
    use cachestack_backends::Clock;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy(freshness: Freshness) -> Policy {
        freshness.resolve(&Freshness::new())
    }

    #[test]
    fn an_entry_ages_from_fresh_to_ended() {
        let clock = Clock::system();
        let began = clock.now();
        let policy = policy(
            Freshness::new()
                .refresh_ahead(0.8)
                .stale_while_revalidate(5 * SECOND)
                .stale_if_error(20 * SECOND),
        );
        let entry = policy.times(Entry::new(1_u8, began), began, Some(10 * SECOND), None);
        let age = |after: u32| {
            let now = began.checked_add(after * SECOND).unwrap();
            policy.age(&entry, now)
        };
        let ages = [0, 7, 8, 9, 10, 14, 15, 29, 30].map(age);
        use Age::{Due, Ended, Fresh, Old, Stale};
        assert_eq!(
            ages,
            [Fresh, Fresh, Due, Due, Stale, Stale, Old, Old, Ended]
        );
        assert_eq!(entry.time_left(began), Some(30 * SECOND));
    }

    #[test]
    fn what_a_call_says_goes_before_its_cache_and_zero_is_none() {
        let cache = Freshness::new().stale_if_error(SECOND).timeout(SECOND);
        let call = Freshness::new().stale_if_error(Duration::ZERO);
        let both = call.resolve(&cache);
        assert_eq!(
            (both.if_error, both.timeout),
            (Duration::ZERO, Some(SECOND))
        );
    }

    #[test]
    fn jitter_shortens_only_and_spreads() {
        let now = Clock::system().now();
        let policy = policy(Freshness::new().jitter(0.5));
        let left = |_| {
            let entry = policy.times(Entry::new(1_u8, now), now, Some(100 * SECOND), None);
            entry.time_left(now).unwrap()
        };
        let mut all: Vec<Duration> = (0..200).map(left).collect();
        all.sort();
        assert!(all[0] >= 50 * SECOND && all[199] <= 100 * SECOND);
        assert!(all[20] < 65 * SECOND && all[180] > 85 * SECOND);
    }

    #[test]
    fn the_longest_that_an_entry_may_live_holds_for_its_stale_time_too() {
        let now = Clock::system().now();
        let policy = policy(Freshness::new().stale_if_error(60 * SECOND));
        let most = Some(30 * SECOND);
        let entry = policy.times(Entry::new(1_u8, now), now, Some(20 * SECOND), most);
        assert_eq!(entry.time_left(now), Some(30 * SECOND));
        assert_eq!(entry.fresh_until_moment(), now.checked_add(20 * SECOND));
    }
}
