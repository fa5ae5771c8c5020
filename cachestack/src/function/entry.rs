//! The handle on one entry of a cached function.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{
    AnyValue, CacheValue, Entry, Error, ErrorKind, Key, KeyError, KeyText, Operation, Result,
    ValueType,
};

use super::call::Call;
use super::invalidate::Doomed;
use super::shape::{Shape, Tag};
use crate::cache::Cache;

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
    place: Result<(Cache, Key)>,
    ttl: Option<Duration>,
    view: View<V>,
}

/// How the kept value and `V` go together.
struct View<V> {
    value_type: &'static ValueType,
    read: fn(&Entry) -> Option<V>,
    write: fn(V) -> Option<AnyValue>,
}

/// The handle where `V` is what is kept.
pub fn entry_of_value<R, S: Shape<R, Value: CacheValue>>(
    call: Call<'_>,
    _: S,
    _: Tag<R>,
) -> CachedEntry<S::Value> {
    let view = View {
        value_type: ValueType::of::<S::Value>(),
        read: |entry| entry.value::<S::Value>().cloned(),
        write: |value| Some(Arc::new(value)),
    };
    CachedEntry::new(call, view)
}

/// The handle where `V` is the whole return type.
pub fn entry_of_return<R, S: Shape<R, Value: CacheValue>>(
    call: Call<'_>,
    _: S,
    _: Tag<R>,
) -> CachedEntry<R> {
    let view = View {
        value_type: ValueType::of::<S::Value>(),
        read: |entry| entry.value::<S::Value>().cloned().map(S::wrap),
        write: |returned| Some(Arc::new(S::split(returned).ok()?)),
    };
    CachedEntry::new(call, view)
}

impl<V> CachedEntry<V> {
    fn new(call: Call<'_>, view: View<V>) -> Self {
        let place = match call.site {
            // What is put there would be the other function's.
            Some(site) if !site.is_unique() => Err(Error::new(
                ErrorKind::Config,
                "another cached function has the same path, so this one is not cached; rename it, or give \
                 it a `key`",
            )),
            _ => place(call.target.cache(), call.key),
        };
        Self {
            place,
            ttl: call.ttl,
            view,
        }
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

    fn place(&self) -> Result<(&Cache, &Key)> {
        match &self.place {
            Ok((cache, key)) => Ok((cache, key)),
            Err(error) => Err(error.clone()),
        }
    }

    /// The value, when a layer that answers at once has it. Nothing is computed or waited for.
    pub fn peek(&self) -> Option<V> {
        let (cache, key) = self.place().ok()?;
        let found = cache.peek(key.digest(), self.view.value_type)?;
        (self.view.read)(&found)
    }

    /// The value, when any layer has it. Nothing is computed.
    ///
    /// # Errors
    /// As [`key`](Self::key), when no layer could answer, and when the cache was closed.
    pub async fn get(&self) -> Result<Option<V>> {
        let (cache, key) = self.place()?;
        let found = cache.find(key, self.view.value_type).await?;
        Ok(found.and_then(|entry| (self.view.read)(&entry)))
    }

    /// Stores a value as if the function had returned it just now, whatever its condition says. A failure
    /// (`Err`, where `V` is the whole return type) is not stored.
    ///
    /// # Errors
    /// As [`key`](Self::key), and when a layer failed.
    pub async fn put(&self, value: V) -> Result<()> {
        let (cache, key) = self.place()?;
        let Some(value) = (self.view.write)(value) else {
            return Ok(());
        };
        cache
            .put_any(key, value, self.view.value_type, self.ttl)
            .await
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
        Self::new(entry.place)
    }
}

/// A cache and a key in it, or why there is none.
pub(super) fn place(cache: Option<Cache>, key: Result<KeyText, KeyError>) -> Result<(Cache, Key)> {
    let cache = cache.ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            "the function's cache is not configured; call `configure` or `configure_named` at startup",
        )
    })?;
    let text = key.map_err(|error| {
        Error::new(ErrorKind::Serialization, "the key could not be written")
            .at("cache", Operation::Key)
            .with_source(error)
    })?;
    let key = cache.key(text.as_str());
    Ok((cache, key))
}

impl<V> fmt::Debug for CachedEntry<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedEntry")
            .field("key", &self.place.as_ref().map(|(_, key)| key))
            .field("ttl", &self.ttl)
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

    /// See [`CachedEntry::invalidate`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate(&self) -> Result<()> {
        block_on(self.0.invalidate())
    }
}
