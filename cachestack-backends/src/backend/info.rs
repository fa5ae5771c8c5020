//! What a store says of itself, and how it answers.

use std::borrow::Cow;
use std::time::Duration;

use crate::clock::Moment;
use crate::entry::Entry;

/// The answer to a look-up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Lookup {
    /// A live entry of the type that was asked for.
    Hit(Entry),
    /// Nothing, or nothing that can still be used.
    Miss,
    /// A live entry of another type: a miss to the reader, and not to be written over by a backfill.
    Mismatch,
}

impl Lookup {
    /// The entry, when there is one.
    pub fn hit(self) -> Option<Entry> {
        match self {
            Self::Hit(entry) => Some(entry),
            Self::Miss | Self::Mismatch => None,
        }
    }

    /// A look at the entry, when there is one.
    pub fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Hit(entry) => Some(entry),
            Self::Miss | Self::Mismatch => None,
        }
    }

    /// Whether an entry was found.
    pub fn is_hit(&self) -> bool {
        matches!(self, Self::Hit(_))
    }
}

impl From<Option<Entry>> for Lookup {
    fn from(found: Option<Entry>) -> Self {
        found.map_or(Self::Miss, Self::Hit)
    }
}

/// How long an entry will still be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeLeft {
    /// There is no such entry.
    Missing,
    /// It is there, and ends after this time.
    Left(Duration),
    /// It is there, and has no end.
    Unlimited,
    /// It is there; this store cannot say for how long.
    Unknown,
}

/// What a stack must know of a store.
///
/// ```
/// use std::time::Duration;
/// use cachestack_backends::BackendInfo;
///
/// let info = BackendInfo::new("dynamo").shared(true).max_ttl(Some(Duration::from_secs(86_400)));
/// assert_eq!(info.keeps_for(None), Some(Duration::from_secs(86_400)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendInfo {
    /// A short lowercase name for errors and stats.
    pub name: Cow<'static, str>,
    /// Other processes read and write the same entries. A memory layer above such a store keeps entries
    /// for 30 s at most unless it is told otherwise. Default: `false`.
    pub shared: bool,
    /// It keeps typed values, so it can hold what has no serde. Default: `false`.
    pub typed: bool,
    /// Every operation ends at the first poll, without waiting for anything. Default: `false`.
    pub immediate: bool,
    /// Its futures run on any thread and need no runtime around them. Default: `false`.
    pub detached: bool,
    /// Its failures are only counted. A stack hears of them from the stores of this library all the same, as
    /// it must know what a layer did not take, and is silent about that layer in its stead. A store of your
    /// own that is to be silent on a stack tells its failures, and says this. Default: `false`.
    pub silent: bool,
    /// How long it keeps an entry that is set without an end. Default: no end.
    pub ttl: Option<Duration>,
    /// The longest it keeps any entry. Default: no limit.
    pub max_ttl: Option<Duration>,
}

impl BackendInfo {
    /// A store of that name with everything else at its default.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            shared: false,
            typed: false,
            immediate: false,
            detached: false,
            silent: false,
            ttl: None,
            max_ttl: None,
        }
    }

    /// Sets [`shared`](Self::shared).
    #[must_use]
    pub fn shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// Sets [`typed`](Self::typed).
    #[must_use]
    pub fn typed(mut self, typed: bool) -> Self {
        self.typed = typed;
        self
    }

    /// Sets [`immediate`](Self::immediate).
    #[must_use]
    pub fn immediate(mut self, immediate: bool) -> Self {
        self.immediate = immediate;
        self
    }

    /// Sets [`detached`](Self::detached).
    #[must_use]
    pub fn detached(mut self, detached: bool) -> Self {
        self.detached = detached;
        self
    }

    /// Sets [`silent`](Self::silent).
    #[must_use]
    pub fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }

    /// Sets [`ttl`](Self::ttl).
    #[must_use]
    pub fn ttl(mut self, ttl: Option<Duration>) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets [`max_ttl`](Self::max_ttl).
    #[must_use]
    pub fn max_ttl(mut self, max_ttl: Option<Duration>) -> Self {
        self.max_ttl = max_ttl;
        self
    }

    /// How long the store keeps an entry that is set with `requested` to live: the request, else the
    /// store's default, and never more than its limit. `None` is without end.
    pub fn keeps_for(&self, requested: Option<Duration>) -> Option<Duration> {
        let wanted = requested.or(self.ttl);
        match (wanted, self.max_ttl) {
            (Some(wanted), Some(most)) => Some(wanted.min(most)),
            (wanted, most) => wanted.or(most),
        }
    }

    /// The entry as the store keeps it from `now` on: with the default end when it has none, and with no
    /// more time left than the store's limit.
    #[must_use]
    pub fn bounded(&self, entry: Entry, now: Moment) -> Entry {
        if entry.value_type().is_number() {
            // Entries that are still there must not lose what they depend on.
            return entry;
        }
        let keeps = self.keeps_for(entry.time_left(now));
        entry.capped(now, keeps)
    }
}
