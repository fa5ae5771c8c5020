//! The handle on one entry of a cached function.

use std::fmt;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{
    AnyValue, Dependency, Error, ErrorKind, Key, KeyError, Operation, Result, TimeLeft, ValueType,
};
use smallvec::{SmallVec, smallvec};

use super::entries::not_configured;
use super::form::FormOf;
use super::invalidate::Doomed;
use super::lifetime::Lasting;
use super::probe::Call;
use super::shape::Shape;
use super::tags::Tags;
use crate::cache::{Cache, Freshness, Kept};

/// The entry of one call of a cached function: `get_user::entry(42)`.
///
/// `V` is what the function keeps: the `T` where its return type is written as a `Result<T, _>`, else the
/// return type. The cache is the one the function would use where the handle was made.
///
/// ```
/// use cachestack::{Cache, cached};
///
/// #[cached(ttl = 60)]
/// async fn name_of(id: u64) -> Result<String, std::io::Error> {
///     Ok(format!("user {id}"))
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # Cache::builder().build()?.scope(async {
/// name_of::entry(7).put(String::from("Ada")).await?;
/// assert_eq!(name_of(7).await?, "Ada");
/// name_of::entry(7).invalidate().await?;
/// assert_eq!(name_of(7).await?, "user 7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a handle does nothing by itself"]
pub struct CachedEntry<V> {
    pub(super) place: Result<(Cache, Key)>,
    /// What a value that is put there depends on; without its tags it is not put.
    on: Result<SmallVec<[Dependency; 2]>>,
    freshness: Option<Freshness>,
    value_type: &'static ValueType,
    read: Box<Read<V>>,
    write: Box<Write<V>>,
}

type Read<V> = dyn Fn(&AnyValue) -> Option<V> + Send + Sync;

/// Makes of a returned value what is kept of it, and for how long.
type Write<V> = dyn Fn(V) -> Option<(AnyValue, Option<Duration>)> + Send + Sync;

/// The handle where `V` is what is kept.
pub fn entry_of_value<R, S>(call: Call<'_>, _: S, form: FormOf<R, S>) -> CachedEntry<S::Value>
where
    S: Shape<R>,
{
    CachedEntry {
        value_type: form.value_type,
        read: Box::new(form.load),
        write: Box::new(move |value| Some(((form.erase)((form.keep)(value)), None))),
        on: Ok(smallvec![call.meet().dependency.clone()]),
        freshness: None,
        place: call.place(),
    }
}

/// The handle where `V` is the whole return type.
pub fn entry_of_return<R, S>(call: Call<'_>, _: S, form: FormOf<R, S>) -> CachedEntry<R>
where
    S: Shape<R>,
{
    CachedEntry {
        value_type: form.value_type,
        read: Box::new(|kept| (form.load)(kept).map(S::wrap)),
        write: Box::new(move |returned| {
            let value = S::split(returned).ok()?;
            Some(((form.erase)((form.keep)(value)), None))
        }),
        on: Ok(smallvec![call.meet().dependency.clone()]),
        freshness: None,
        place: call.place(),
    }
}

/// The handle of [`entry_of_value`], whose values live so long.
pub fn lasting_value<R, S, L>(
    entry: CachedEntry<S::Value>,
    _: S,
    form: FormOf<R, S>,
    lifetime: L,
) -> CachedEntry<S::Value>
where
    S: Shape<R>,
    L: Lasting<S::Value>,
{
    let write = move |value: S::Value| {
        let ttl = lifetime.of(&value);
        Some(((form.erase)((form.keep)(value)), ttl))
    };
    CachedEntry {
        write: Box::new(write),
        ..entry
    }
}

/// The handle of [`entry_of_return`], whose values live so long.
pub fn lasting_return<R, S, L>(
    entry: CachedEntry<R>,
    _: S,
    form: FormOf<R, S>,
    lifetime: L,
) -> CachedEntry<R>
where
    S: Shape<R>,
    L: Lasting<S::Value>,
{
    let write = move |returned: R| {
        let value = S::split(returned).ok()?;
        let ttl = lifetime.of(&value);
        Some(((form.erase)((form.keep)(value)), ttl))
    };
    CachedEntry {
        write: Box::new(write),
        ..entry
    }
}

impl Call<'_> {
    /// Where the entry is.
    pub(super) fn place(self) -> Result<(Cache, Key)> {
        if !self.owns_key() {
            // What is put there would be the other function's.
            return Err(Error::new(
                ErrorKind::Config,
                "another cached function has the same path, so this one is not cached; rename it, or give \
                 it a `name`",
            ));
        }
        let cache = self.target.cache().ok_or_else(not_configured)?;
        let mut writer = self.key.writer();
        let text = self.key.write(self.meet(), &mut writer);
        let text = text.map_err(unwritten)?;
        let digest = text.digest(cache.namespace());
        let key = text.key(cache.namespace(), digest);
        Ok((cache, key))
    }
}

impl<V> CachedEntry<V> {
    /// The handle with the tags of its entry, for the attribute's expansion.
    #[doc(hidden)]
    pub fn tags(mut self, add: impl FnOnce(&mut Tags)) -> Self {
        self.on = self.on.and_then(|mut on| {
            on.extend(Tags::of(add).complete()?);
            Ok(on)
        });
        self
    }

    /// The handle with what is said of stale values, for the attribute's expansion.
    #[doc(hidden)]
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = Some(freshness);
        self
    }

    /// The text of the key, within the cache's namespace.
    ///
    /// # Errors
    /// [`Serialization`](ErrorKind::Serialization) when an argument could not be written,
    /// [`Config`](ErrorKind::Config) when the function's cache is not configured, or another cached function
    /// has the same path.
    pub fn key(&self) -> Result<&str> {
        self.place().map(|(_, key)| key.text())
    }

    pub(super) fn cache(&self) -> Option<&Cache> {
        self.place.as_ref().ok().map(|(cache, _)| cache)
    }

    fn place(&self) -> Result<(&Cache, &Key)> {
        match &self.place {
            Ok((cache, key)) => Ok((cache, key)),
            Err(error) => Err(error.clone()),
        }
    }

    /// The value, when a layer that answers at once has it and it is not stale. Nothing is computed or waited for.
    pub fn peek(&self) -> Option<V> {
        let (cache, key) = self.place().ok()?;
        let found = cache.peek(key.digest(), self.value_type)?;
        if !cache.is_fresh(&found) {
            return None;
        }
        (self.read)(found.any())
    }

    /// The value, when any layer has it and it is not stale. Nothing is computed.
    ///
    /// # Errors
    /// As [`key`](Self::key), when no layer could answer, and when the cache was closed.
    pub async fn get(&self) -> Result<Option<V>> {
        let (cache, key) = self.place()?;
        let found = cache.find(key, self.value_type).await?;
        Ok(found.and_then(|entry| (self.read)(entry.any())))
    }

    /// Stores a value as if the function had returned it just now, whatever its condition says. A failure
    /// (`Err`, where `V` is the whole return type) is not stored.
    ///
    /// # Errors
    /// As [`key`](Self::key), and when a layer failed.
    pub async fn put(&self, value: V) -> Result<()> {
        let (cache, key) = self.place()?;
        let Some((value, ttl)) = (self.write)(value) else {
            return Ok(());
        };
        let on = self.on.as_ref().map_err(Clone::clone)?;
        let times = (ttl, self.freshness.as_ref());
        cache.put_any(key, value, self.value_type, times, on).await
    }

    /// Stores a value that was known at some moment, unless something was changed since: then the entry is
    /// deleted, as the value may be older than what it says.
    pub(super) async fn put_unless(
        &self,
        value: V,
        is_changed: impl FnOnce() -> bool,
    ) -> Result<()> {
        let (cache, key) = self.place()?;
        let Some((value, ttl)) = (self.write)(value) else {
            return Ok(());
        };
        let on = self.on.as_ref().map_err(Clone::clone)?;
        let policy = cache.policy(self.freshness.as_ref());
        let duty = cache
            .duty(None, key.clone(), self.value_type, on, policy)
            .await;
        // What comes after this look voids what the duty stores.
        if is_changed() {
            drop(duty);
            return cache.delete_key(key).await;
        }
        if let Some(storing) = duty.hand_in(value, Kept { wanted: true, ttl }) {
            storing.await;
        }
        Ok(())
    }

    /// Whether any layer has an entry that is not stale. Nothing is decoded, so one that a hit would find to be of another type
    /// counts too.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn exists(&self) -> Result<bool> {
        let (cache, key) = self.place()?;
        cache.exists_key(key).await
    }

    /// How long the entry still lives, stale times included: in the lowest layer that has it, which may be longer than in those
    /// above.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn ttl(&self) -> Result<TimeLeft> {
        let (cache, key) = self.place()?;
        cache.time_left(key).await
    }

    /// Deletes the entry from every layer. When this returns `Ok`, no call that begins later in this
    /// process gets the old value, not even from a computation that is under way.
    ///
    /// # Errors
    /// As [`key`](Self::key), and when a layer failed.
    pub async fn invalidate(&self) -> Result<()> {
        let (cache, key) = self.place()?;
        cache.delete_key(key).await
    }

    /// The same handle for sync code.
    pub fn blocking(self) -> BlockingEntry<V> {
        BlockingEntry(self)
    }
}

impl<V> From<CachedEntry<V>> for Doomed {
    fn from(entry: CachedEntry<V>) -> Self {
        Self::Entry(entry.place)
    }
}

/// A cache and a key in it, or why there is none.
pub(super) fn place(cache: Option<Cache>, key: Result<String, KeyError>) -> Result<(Cache, Key)> {
    let (cache, text) = text(cache, key)?;
    let key = cache.key(text);
    Ok((cache, key))
}

/// The same with a key that needs no writing.
pub(super) fn place_of(cache: Option<Cache>, key: &str) -> Result<(Cache, Key)> {
    let cache = cache.ok_or_else(not_configured)?;
    let key = cache.key(key);
    Ok((cache, key))
}

/// A cache and a text for it, or why there is none.
pub(super) fn text(
    cache: Option<Cache>,
    text: Result<String, KeyError>,
) -> Result<(Cache, String)> {
    let cache = cache.ok_or_else(not_configured)?;
    let text = text.map_err(unwritten)?;
    Ok((cache, text))
}

/// Why a key or a tag has no text.
pub(super) fn unwritten(error: KeyError) -> Error {
    Error::new(ErrorKind::Serialization, "the key could not be written")
        .at("cache", Operation::Key)
        .with_source(error)
}

impl<V> fmt::Debug for CachedEntry<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedEntry")
            .field("key", &self.place.as_ref().map(|(_, key)| key))
            .finish_non_exhaustive()
    }
}

/// A [`CachedEntry`] for sync code.
#[derive(Debug)]
#[must_use = "a handle does nothing by itself"]
pub struct BlockingEntry<V>(CachedEntry<V>);

impl<V> BlockingEntry<V> {
    /// See [`CachedEntry::key`].
    ///
    /// # Errors
    /// As there.
    pub fn key(&self) -> Result<&str> {
        self.0.key()
    }

    /// See [`CachedEntry::peek`].
    pub fn peek(&self) -> Option<V> {
        self.0.peek()
    }

    /// See [`CachedEntry::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get(&self) -> Result<Option<V>> {
        block_on(self.0.get())
    }

    /// See [`CachedEntry::put`].
    ///
    /// # Errors
    /// As there.
    pub fn put(&self, value: V) -> Result<()> {
        block_on(self.0.put(value))
    }

    /// See [`CachedEntry::exists`].
    ///
    /// # Errors
    /// As there.
    pub fn exists(&self) -> Result<bool> {
        block_on(self.0.exists())
    }

    /// See [`CachedEntry::ttl`].
    ///
    /// # Errors
    /// As there.
    pub fn ttl(&self) -> Result<TimeLeft> {
        block_on(self.0.ttl())
    }

    /// See [`CachedEntry::invalidate`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate(&self) -> Result<()> {
        block_on(self.0.invalidate())
    }
}
