//! The cache for sync code.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{CacheValue, Result};

use super::{Cache, CacheStats, EntryOptions};

/// A [`Cache`] for sync code: the same methods, which block the thread until they are done.
///
/// Works outside of any runtime and inside of both kinds of tokio runtime; it needs neither. On an async
/// thread it holds up that thread for as long as the stores take, as any sync code does.
///
/// ```
/// use cachestack::Cache;
///
/// let cache = Cache::builder().build()?.blocking();
/// cache.set("answer", 42, None)?;
/// assert_eq!(cache.get::<i32>("answer")?, Some(42));
/// # Ok::<(), cachestack::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BlockingCache(Cache);

impl BlockingCache {
    pub(super) fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// The cache for async code.
    pub fn cache(&self) -> &Cache {
        &self.0
    }

    /// See [`Cache::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get<T: CacheValue>(&self, key: impl AsRef<str>) -> Result<Option<T>> {
        block_on(self.0.get(key))
    }

    /// See [`Cache::get_with_ttl`].
    ///
    /// # Errors
    /// As there.
    pub fn get_with_ttl<T: CacheValue>(
        &self,
        key: impl AsRef<str>,
    ) -> Result<Option<(T, Option<Duration>)>> {
        block_on(self.0.get_with_ttl(key))
    }

    /// See [`Cache::set`].
    ///
    /// # Errors
    /// As there.
    pub fn set<T: CacheValue, W>(
        &self,
        key: impl AsRef<str>,
        value: T,
        options: impl Into<EntryOptions<W>>,
    ) -> Result<()> {
        block_on(self.0.set(key, value, options))
    }

    /// See [`Cache::get_or_compute_many`].
    pub fn get_or_compute_many<K, S, T, I>(
        &self,
        ids: impl IntoIterator<Item = K>,
        key_of: impl Fn(&K) -> S,
        options: impl Into<EntryOptions>,
        mut compute: impl FnMut(Vec<K>) -> I,
    ) -> HashMap<K, T>
    where
        K: Clone + Eq + Hash,
        S: AsRef<str>,
        T: CacheValue,
        I: IntoIterator<Item = (K, T)>,
    {
        let compute = |missing| Ok::<I, Infallible>(compute(missing));
        match self.get_or_try_compute_many(ids, key_of, options, compute) {
            Ok(found) => found,
            Err(never) => match never {},
        }
    }

    /// See [`Cache::get_or_try_compute_many`].
    ///
    /// # Errors
    /// As there.
    pub fn get_or_try_compute_many<K, S, T, E, I>(
        &self,
        ids: impl IntoIterator<Item = K>,
        key_of: impl Fn(&K) -> S,
        options: impl Into<EntryOptions>,
        compute: impl FnMut(Vec<K>) -> Result<I, E>,
    ) -> Result<HashMap<K, T>, E>
    where
        K: Clone + Eq + Hash,
        S: AsRef<str>,
        T: CacheValue,
        I: IntoIterator<Item = (K, T)>,
    {
        self.0
            .get_or_try_compute_many_sync(ids, key_of, options, compute)
    }

    /// See [`Cache::delete`].
    ///
    /// # Errors
    /// As there.
    pub fn delete(&self, key: impl AsRef<str>) -> Result<()> {
        block_on(self.0.delete(key))
    }

    /// See [`Cache::exists`].
    ///
    /// # Errors
    /// As there.
    pub fn exists(&self, key: impl AsRef<str>) -> Result<bool> {
        block_on(self.0.exists(key))
    }

    /// See [`Cache::clear`].
    ///
    /// # Errors
    /// As there.
    pub fn clear(&self) -> Result<()> {
        block_on(self.0.clear())
    }

    /// See [`Cache::invalidate_tag`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate_tag(&self, tag: impl AsRef<str>) -> Result<()> {
        block_on(self.0.invalidate_tag(tag))
    }

    /// See [`Cache::invalidate_tags`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate_tags(&self, tags: impl IntoIterator<Item = impl AsRef<str>>) -> Result<()> {
        block_on(self.0.invalidate_tags(tags))
    }

    /// See [`Cache::get_many`].
    ///
    /// # Errors
    /// As there.
    pub fn get_many<T: CacheValue>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Option<T>>> {
        block_on(self.0.get_many(keys))
    }

    /// See [`Cache::set_many`].
    ///
    /// # Errors
    /// As there.
    pub fn set_many<T: CacheValue>(
        &self,
        entries: impl IntoIterator<Item = (impl AsRef<str>, T)>,
        options: impl Into<EntryOptions>,
    ) -> Result<()> {
        block_on(self.0.set_many(entries, options))
    }

    /// See [`Cache::delete_many`].
    ///
    /// # Errors
    /// As there.
    pub fn delete_many(&self, keys: impl IntoIterator<Item = impl AsRef<str>>) -> Result<()> {
        block_on(self.0.delete_many(keys))
    }

    /// See [`Cache::purge_expired`].
    ///
    /// # Errors
    /// As there.
    pub fn purge_expired(&self) -> Result<u64> {
        block_on(self.0.purge_expired())
    }

    /// See [`Cache::stats`].
    ///
    /// # Errors
    /// As there.
    pub fn stats(&self) -> Result<CacheStats> {
        block_on(self.0.stats())
    }

    /// See [`Cache::flush`].
    ///
    /// # Errors
    /// As there.
    pub fn flush(&self) -> Result<()> {
        block_on(self.0.flush())
    }

    /// See [`Cache::close`].
    ///
    /// # Errors
    /// As there.
    pub fn close(&self) -> Result<()> {
        block_on(self.0.close())
    }
}
