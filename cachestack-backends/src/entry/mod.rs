//! What is stored under a key: a value, its times, and what it depends on.

mod seen;
mod value;

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::clock::Moment;
use crate::generation::{Live, Lives};

pub use self::seen::Seen;
pub(crate) use self::value::Whatever;
pub use self::value::{Absent, CacheValue, ValueType};

/// A value of any type, as memory keeps it.
pub type AnyValue = Arc<dyn Any + Send + Sync>;

/// What an entry depends on: when the number under `name` in its store is another, the entry is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generation {
    /// The reserved name the number is kept under.
    pub name: Box<str>,
    /// The random number as it was read before the value was computed.
    pub number: u128,
}

impl Generation {
    /// The generation `number` of `name`.
    pub fn new(name: impl Into<Box<str>>, number: u128) -> Self {
        Self {
            name: name.into(),
            number,
        }
    }
}

/// A value with the times it lives by; cheap to clone.
///
/// Times are [`Moment`]s of the clock of the cache, stack or backend that made the entry. `Debug` shows
/// the type and the times, never the value.
///
/// ```
/// use std::time::Duration;
/// use cachestack_backends::{Clock, Entry};
///
/// let now = Clock::system().now();
/// let entry = Entry::new(String::from("Ada"), now).expiring(now.checked_add(Duration::from_secs(60)));
/// assert!(entry.is_live(now));
/// assert_eq!(entry.time_left(now), Some(Duration::from_secs(60)));
/// assert_eq!(entry.value::<String>().map(String::as_str), Some("Ada"));
/// ```
#[derive(Clone)]
pub struct Entry {
    // What a hit reads lies side by side.
    value: AnyValue,
    depends: Option<Arc<Depends>>,
    expires_at: End,
    fresh_until: End,
    value_type: &'static ValueType,
    created_at: Moment,
    encoded: Option<Arc<Encoded>>,
}

/// A moment that may never come, in the room of one that does. The last one there is never comes either.
#[derive(Clone, Copy)]
struct End(u64);

impl End {
    const NEVER: Self = Self(u64::MAX);

    fn of(moment: Option<Moment>) -> Self {
        moment.map_or(Self::NEVER, |moment| Self(moment.nanos()))
    }

    #[inline]
    fn moment(self) -> Option<Moment> {
        (self.0 != Self::NEVER.0).then(|| Moment::from_nanos(self.0))
    }

    #[inline]
    fn is_after(self, now: Moment) -> bool {
        self.0 == Self::NEVER.0 || now.nanos() < self.0
    }
}

impl Entry {
    /// An entry made now, without expiry.
    pub fn new<T: CacheValue>(value: T, now: Moment) -> Self {
        Self::from_any(Arc::new(value), ValueType::of::<T>(), now)
    }

    /// An entry of a value behind a pointer. `value_type` must describe the value's own type, else the
    /// entry is a mismatch for every reader.
    pub fn from_any(value: AnyValue, value_type: &'static ValueType, now: Moment) -> Self {
        Self {
            value,
            value_type,
            created_at: now,
            fresh_until: End::NEVER,
            expires_at: End::NEVER,
            depends: None,
            encoded: None,
        }
    }

    /// The same entry, gone from that moment on; `None` keeps it until it is evicted.
    #[must_use]
    pub fn expiring(mut self, at: Option<Moment>) -> Self {
        self.expires_at = End::of(at);
        self
    }

    /// The same entry, fresh until that moment and stale from then on; `None` is fresh all its life.
    #[must_use]
    pub fn fresh_until(mut self, until: Option<Moment>) -> Self {
        self.fresh_until = End::of(until);
        self
    }

    /// The same entry, made at that moment.
    #[must_use]
    pub fn created(mut self, at: Moment) -> Self {
        self.created_at = at;
        self
    }

    /// The same entry, depending on those generations.
    #[must_use]
    pub fn depending_on(mut self, generations: impl IntoIterator<Item = Generation>) -> Self {
        let generations: Box<[Generation]> = generations.into_iter().collect();
        let lives = self.depends.take().map(|it| it.lives.clone());
        self.depends_on(generations, lives.unwrap_or_default())
    }

    /// The same entry, depending on those generations as it leaves the process, and on these within it.
    pub(crate) fn depends_on(mut self, generations: Box<[Generation]>, lives: Lives) -> Self {
        let some = !generations.is_empty() || !lives.is_empty();
        self.depends = some.then(|| Arc::new(Depends { generations, lives }));
        self
    }

    /// The same entry, which depends on nothing yet, with what it shares with others.
    pub(crate) fn sharing(mut self, depends: Arc<Depends>) -> Self {
        self.depends = Some(depends);
        self
    }

    /// Whether it depends on anything.
    pub(crate) fn depends(&self) -> bool {
        self.depends.is_some()
    }

    /// The same entry, with at most so much time left from `now`; `None` changes nothing.
    #[must_use]
    pub fn capped(mut self, now: Moment, most: Option<Duration>) -> Self {
        if let Some(end) = most.and_then(|most| now.checked_add(most)) {
            self.expires_at.0 = self.expires_at.0.min(end.nanos());
        }
        self
    }

    /// The value, when it is a `T`.
    #[inline]
    pub fn value<T: Any>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    /// The value as it is kept.
    #[inline]
    pub fn any(&self) -> &AnyValue {
        &self.value
    }

    /// The same without the rest.
    #[allow(dead_code, reason = "for memory")]
    pub(crate) fn into_any(self) -> AnyValue {
        self.value
    }

    /// What is known of the value's type.
    pub fn value_type(&self) -> &'static ValueType {
        self.value_type
    }

    /// When the value was computed or set.
    pub fn created_at(&self) -> Moment {
        self.created_at
    }

    /// Until when it is fresh, where that is before its end.
    #[inline]
    pub fn fresh_until_moment(&self) -> Option<Moment> {
        self.fresh_until.moment()
    }

    /// When it ends.
    #[inline]
    pub fn expires_at(&self) -> Option<Moment> {
        self.expires_at.moment()
    }

    /// The generations it depends on.
    pub fn generations(&self) -> &[Generation] {
        match &self.depends {
            Some(depends) => &depends.generations,
            None => &[],
        }
    }

    /// The generations it depends on within this process.
    pub(crate) fn lives(&self) -> &[Arc<Live>] {
        match &self.depends {
            Some(depends) => &depends.lives,
            None => &[],
        }
    }

    /// Whether a generation that it depends on is known to have ended.
    #[doc(hidden)]
    #[inline]
    pub fn is_outdated(&self) -> bool {
        match &self.depends {
            Some(depends) => depends.lives.iter().any(|live| live.has_ended()),
            None => false,
        }
    }

    /// Whether it has not ended. An entry ends *at* its `expires_at`.
    #[inline]
    pub fn is_live(&self, now: Moment) -> bool {
        self.expires_at.is_after(now)
    }

    /// Whether it is as good as new: from its `fresh_until` on it is stale.
    #[inline]
    pub fn is_fresh(&self, now: Moment) -> bool {
        self.fresh_until.is_after(now)
    }

    /// Whether this one is stale sooner than the other.
    pub(crate) fn is_staler_than(&self, other: &Self) -> bool {
        self.fresh_until.0 < other.fresh_until.0
    }

    /// How much of its life is left; `None` without an end, zero when it has ended.
    pub fn time_left(&self, now: Moment) -> Option<Duration> {
        self.expires_at().map(|at| at.since(now))
    }

    /// The same entry with room to keep its bytes, so that several byte stores encode it once.
    #[must_use]
    pub fn sharing_bytes(mut self) -> Self {
        self.encoded.get_or_insert_with(Arc::default);
        self
    }

    /// The same entry without the bytes it may share, as memory keeps it.
    #[must_use]
    pub fn without_bytes(mut self) -> Self {
        self.encoded = None;
        self
    }

    /// The payload under that codec's name, made by `encode` unless a clone of this entry has it already.
    pub(crate) fn payload(
        &self,
        codec: &str,
        encode: impl FnOnce() -> crate::Result<Bytes>,
    ) -> crate::Result<Bytes> {
        match &self.encoded {
            None => encode(),
            Some(shared) => shared.get_or_encode(codec, encode),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("type", &self.value_type.name())
            .field("created_at", &self.created_at)
            .field("fresh_until", &self.fresh_until_moment())
            .field("expires_at", &self.expires_at())
            .field("generations", &self.generations().len())
            .finish_non_exhaustive()
    }
}

/// What an entry depends on, shared by its clones.
pub(crate) struct Depends {
    /// As it leaves the process.
    generations: Box<[Generation]>,
    /// As memory keeps it.
    lives: Lives,
}

impl Depends {
    /// Those, of which no store has a number.
    pub(crate) fn on(lives: Lives) -> Self {
        Self {
            generations: Box::default(),
            lives,
        }
    }

    pub(crate) fn lives(&self) -> &[Arc<Live>] {
        &self.lives
    }
}

/// The payloads that were made of one value, by codec name.
#[derive(Default)]
struct Encoded(Mutex<Vec<(Box<str>, Bytes)>>);

impl Encoded {
    fn get_or_encode(
        &self,
        codec: &str,
        encode: impl FnOnce() -> crate::Result<Bytes>,
    ) -> crate::Result<Bytes> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = made.iter().find(|(name, _)| &**name == codec) {
            return Ok(bytes.clone());
        }
        let bytes = encode()?;
        made.push((codec.into(), bytes.clone()));
        Ok(bytes)
    }
}
