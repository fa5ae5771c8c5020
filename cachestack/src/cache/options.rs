//! What may be said of one entry when it is stored.

use std::marker::PhantomData;
use std::time::Duration;

use cachestack_backends::Dependency;

use super::freshness::Freshness;
use super::way::{InBackground, InPlace, InTime};

/// How one entry is kept and kept fresh. A `Duration` stands for its ttl, `None` for the defaults.
///
/// What is said here goes before the cache's own defaults, and a stale time or timeout of zero switches the cache's off.
/// `W` is how [`get_or_compute`](crate::Cache::get_or_compute) runs the computation, which the settings decide: in
/// its caller's place, or in the background where a stale value may be served meanwhile, for which it must be
/// `Send + 'static`.
///
/// ```
/// use std::time::Duration;
/// use cachestack::{Cache, EntryOptions};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cachestack::Error> {
/// let cache = Cache::builder().build()?;
/// cache.set("a", 1, None).await?;
/// cache.set("b", 2, Duration::from_secs(60)).await?;
/// cache.set("c", 3, EntryOptions::new().ttl(Duration::from_secs(60)).tags(["odd"])).await?;
///
/// let minute = Duration::from_secs(60);
/// let fresh = EntryOptions::new().ttl(minute).stale_while_revalidate(minute);
/// assert_eq!(cache.get_or_compute("d", fresh, || async { 4 }).await, 4);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EntryOptions<W = InPlace> {
    /// How long the entry lives. Default: the cache's ttl, else what each layer says. Zero is an error of
    /// `set`; a computed value with it is not stored.
    pub ttl: Option<Duration>,
    /// What the entry can be invalidated by together with others; see [`Cache::invalidate_tag`]. Default: no
    /// tags.
    ///
    /// [`Cache::invalidate_tag`]: crate::Cache::invalidate_tag
    pub tags: Vec<String>,
    /// How long a batch keeps in mind that there is nothing under a key, as
    /// [`Cache::get_or_compute_many`](crate::Cache::get_or_compute_many) says. Default: not at all.
    pub none_ttl: Option<Duration>,
    pub(crate) freshness: Freshness,
    way: PhantomData<fn() -> W>,
}

impl Default for EntryOptions {
    fn default() -> Self {
        Self {
            ttl: None,
            tags: Vec::new(),
            none_ttl: None,
            freshness: Freshness::new(),
            way: PhantomData,
        }
    }
}

impl EntryOptions {
    /// The defaults of the cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<W> EntryOptions<W> {
    /// How long the entry lives.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Adds tags. Any text is one; they belong to the cache's namespace.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// How long a batch keeps in mind that there is nothing under a key.
    #[must_use]
    pub fn none_ttl(mut self, ttl: Duration) -> Self {
        self.none_ttl = Some(ttl);
        self
    }

    /// For how long after its ttl the value is served at once, while one call has a new one computed in the
    /// background. Needs a ttl, of the entry or the cache. Default: the cache's, else not at all.
    #[must_use]
    pub fn stale_while_revalidate(self, time: Duration) -> EntryOptions<InBackground> {
        self.with(|it| it.stale_while_revalidate(time))
    }

    /// For how long after its ttl the value is served where computing a new one fails. After a failure the next
    /// attempt comes when the cache's `retry_after` has passed. Default: the cache's, else not at all.
    #[must_use]
    pub fn stale_if_error(self, time: Duration) -> Self {
        self.with(|it| it.stale_if_error(time))
    }

    /// After what part of its ttl a hit has a new value computed in the background: above 0 and below 1. Default: the
    /// cache's, else never.
    #[must_use]
    pub fn refresh_ahead(self, part: f64) -> EntryOptions<InBackground> {
        self.with(|it| it.refresh_ahead(part))
    }

    /// How long a computation is waited for where there is a stale value that may be served: then that is, and the
    /// computation goes on in the background for the next call. Default: the cache's, else to its end.
    #[must_use]
    pub fn timeout(self, time: Duration) -> EntryOptions<InBackground> {
        self.with(|it| it.timeout(time))
    }

    /// How long the call takes at most: then it is an error made of [`Timeout`](crate::Timeout), and the computation is
    /// dropped unless it runs in the background. For `get_or_try_compute`. Default: the cache's is not used here.
    #[must_use]
    pub fn hard_timeout(self, time: Duration) -> EntryOptions<InTime<W>> {
        self.with(|it| it.hard_timeout(time))
    }

    /// By what part of it the ttl is shortened at most, at random, so that what is stored together does not end
    /// together: from 0 to 1. Default: the cache's, else 0.
    #[must_use]
    pub fn jitter(self, part: f64) -> Self {
        self.with(|it| it.jitter(part))
    }

    fn with<V>(self, set: impl FnOnce(Freshness) -> Freshness) -> EntryOptions<V> {
        EntryOptions {
            ttl: self.ttl,
            tags: self.tags,
            none_ttl: self.none_ttl,
            freshness: set(self.freshness),
            way: PhantomData,
        }
    }

    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        self.tags.iter().map(Dependency::tag).collect()
    }

    /// What is said of freshness, where anything is.
    pub(crate) fn freshness(&self) -> Option<&Freshness> {
        (!self.freshness.is_silent()).then_some(&self.freshness)
    }
}

impl From<Duration> for EntryOptions {
    fn from(ttl: Duration) -> Self {
        Self::new().ttl(ttl)
    }
}

impl From<Option<Duration>> for EntryOptions {
    fn from(ttl: Option<Duration>) -> Self {
        Self {
            ttl,
            ..Self::default()
        }
    }
}
