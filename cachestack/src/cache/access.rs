//! Reading, writing and deleting by hand.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cachestack_backends::{
    AnyValue, Backend, CacheValue, Dependency, Entry, Error, ErrorKind, Key, Operation, Result,
    TimeLeft, ValueType,
};

use super::{Cache, CacheStats, EntryOptions, Freshness};
use crate::events::Outcome;

impl Cache {
    /// The value under a key, when there is one of that type. One look-up in each layer down to the first
    /// that has it, which copies it into those above. The first that is no memory is asked for the namespace's
    /// number in the same round trip, and in a second one for those of the entry's tags, where they were not
    /// read a moment ago.
    ///
    /// # Errors
    /// When no layer could answer, or the cache was closed.
    pub async fn get<T: CacheValue>(&self, key: impl AsRef<str>) -> Result<Option<T>> {
        let entry = self.find(&self.key(key), ValueType::of::<T>()).await?;
        Ok(entry.and_then(|entry| entry.value::<T>().cloned()))
    }

    /// The fresh entry under a key: at once where the top layer has it, else from the first layer that does.
    pub(crate) async fn find(
        &self,
        key: &Key,
        value_type: &'static ValueType,
    ) -> Result<Option<Entry>> {
        let stack = self.open()?;
        let now = stack.clock().now();
        let seen = stack.peek(key.digest(), value_type);
        if let Some(entry) = seen.filter(|it| it.is_fresh(now)) {
            return Ok(Some(entry));
        }
        let found = stack.get(key, value_type).await?.hit();
        Ok(found.filter(|it| it.is_fresh(now)))
    }

    /// The value under a key, with how long it will still live, or be fresh where it may be served stale; `None` for
    /// the time is without end. On a
    /// stack it is the time in the lowest layer that has the entry, for one more round trip.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_with_ttl<T: CacheValue>(
        &self,
        key: impl AsRef<str>,
    ) -> Result<Option<(T, Option<Duration>)>> {
        let stack = self.open()?;
        let key = self.key(key);
        let entry = self.find(&key, ValueType::of::<T>()).await?;
        let now = stack.clock().now();
        let left = |entry: &Entry| entry.time_left(now);
        let fresh = entry.as_ref().and_then(Entry::fresh_until_moment);
        let found = entry.and_then(|entry| Some((entry.value::<T>()?.clone(), left(&entry))));
        let Some((value, left)) = found else {
            return Ok(None);
        };
        if let Some(until) = fresh {
            return Ok(Some((value, Some(until.since(now)))));
        }
        let left = match stack.depth() {
            1 => left,
            // An upper layer may keep the entry for less time than there is.
            _ => match stack.ttl(&key).await {
                Ok(TimeLeft::Left(time)) => Some(time),
                Ok(TimeLeft::Unlimited) => None,
                _ => left,
            },
        };
        Ok(Some((value, left)))
    }

    /// Stores a value in every layer, in place of what was there. Computations that are under way for this
    /// key give way to it. In layers that are no memory it is one round trip, after another where the numbers of
    /// the namespace and of its tags were not read a moment ago.
    ///
    /// # Errors
    /// When the ttl is zero, or a layer failed: the error of the highest that did. The others have the
    /// value. When the cache was closed.
    pub async fn set<T: CacheValue, W>(
        &self,
        key: impl AsRef<str>,
        value: T,
        options: impl Into<EntryOptions<W>>,
    ) -> Result<()> {
        self.changes();
        let key = self.key(key);
        let options = options.into();
        let entry = self.entry(value, &options)?;
        let on = options.dependencies();
        self.open()?.set_depending(&key, entry, &on).await
    }

    /// Deletes what is under a key from every layer. When this returns `Ok`, no call that begins later in
    /// this process gets what was there, not even from a computation or copy that is under way.
    ///
    /// # Errors
    /// When a layer failed, or the cache was closed.
    pub async fn delete(&self, key: impl AsRef<str>) -> Result<()> {
        self.delete_key(&self.key(key)).await
    }

    pub(crate) async fn delete_key(&self, key: &Key) -> Result<()> {
        self.changes();
        self.open()?.delete(key).await
    }

    /// The same where nobody has to wait for it.
    pub(crate) fn delete_key_now(&self, key: &Key) -> Option<Result<()>> {
        let stack = &self.0.stack;
        if self.is_closed() || stack.has_slow_layers() {
            return None;
        }
        self.changes();
        Some(stack.delete_now(key))
    }

    pub(crate) async fn delete_keys(&self, keys: &[Key]) -> Result<()> {
        self.changes();
        self.open()?.delete_many(keys).await
    }

    /// Whether a live entry of any type is under a key, in any layer. Nothing is decoded or copied. A layer that is
    /// no memory is asked for the whole entry, as that says what it depends on, and for the numbers of its tags
    /// where they were not read a moment ago.
    ///
    /// # Errors
    /// When no layer could answer, or the cache was closed.
    pub async fn exists(&self, key: impl AsRef<str>) -> Result<bool> {
        self.exists_key(&self.key(key)).await
    }

    pub(crate) async fn exists_key(&self, key: &Key) -> Result<bool> {
        self.open()?.exists_fresh(key).await
    }

    pub(crate) async fn time_left(&self, key: &Key) -> Result<TimeLeft> {
        self.open()?.ttl(key).await
    }

    /// Deletes everything in this cache's namespace from every layer, and nothing else.
    ///
    /// As with [`invalidate_tag`](Self::invalidate_tag), it is all gone at once, when the layers have taken one
    /// small write; then they free what they hold.
    ///
    /// # Errors
    /// When a layer failed, or the cache was closed.
    pub async fn clear(&self) -> Result<()> {
        self.changes();
        self.open()?.clear(&self.0.namespace).await
    }

    /// Deletes everything that was stored with that tag ([`EntryOptions::tags`]), in every layer.
    ///
    /// When this returns `Ok`, no call that begins later in this process gets any of it, not even from a
    /// computation or copy that is under way. Other processes on the same store see it with their next look-up
    /// there; what they keep in memory above it, when that is over its `max_ttl` (30 s by default). It costs one
    /// small write to each layer that is no memory, however much there is under the tag; each look-up that misses
    /// memory reads the numbers of its tags in the same round trip as the entry.
    ///
    /// ```
    /// use cachestack::{Cache, EntryOptions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cachestack::Error> {
    /// let cache = Cache::builder().build()?;
    /// let of_ada = || EntryOptions::new().tags(["user:1"]);
    /// cache.set("name:1", String::from("Ada"), of_ada()).await?;
    /// cache.set("mail:1", String::from("ada@example.org"), of_ada()).await?;
    /// cache.invalidate_tag("user:1").await?;
    /// assert_eq!(cache.get::<String>("mail:1").await?, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When a layer failed, or the cache was closed. The layer is told again; until it has taken it, this
    /// process takes nothing with that tag from it.
    pub async fn invalidate_tag(&self, tag: impl AsRef<str>) -> Result<()> {
        self.invalidate_tags([tag]).await
    }

    /// The same for several tags, with one write to each layer.
    ///
    /// # Errors
    /// As [`invalidate_tag`](Self::invalidate_tag).
    pub async fn invalidate_tags(
        &self,
        tags: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<()> {
        let on: Vec<Dependency> = tags.into_iter().map(Dependency::tag).collect();
        self.invalidate_all_on(&on).await
    }

    /// Deletes everything that depends on one of those: tags, or functions by their identity.
    pub(crate) async fn invalidate_all_on(&self, on: &[Dependency]) -> Result<()> {
        self.changes();
        self.open()?.invalidate(&self.0.namespace, on).await
    }

    /// The values under several keys, in their order. One `get_many` a layer for what is still missing.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_many<T: CacheValue>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<Option<T>>> {
        let wanted = keys
            .into_iter()
            .map(|key| (self.key(key), ValueType::of::<T>()));
        let wanted: Vec<(Key, &'static ValueType)> = wanted.collect();
        let found = self.open()?.get_many(&wanted).await?;
        let now = self.0.stack.clock().now();
        let value = |entry: Entry| entry.is_fresh(now).then(|| entry.value::<T>().cloned())?;
        Ok(found
            .into_iter()
            .map(|it| it.hit().and_then(value))
            .collect())
    }

    /// Stores several values. One `set_many` a layer; of several values under one key the last wins.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub async fn set_many<T: CacheValue, W>(
        &self,
        entries: impl IntoIterator<Item = (impl AsRef<str>, T)>,
        options: impl Into<EntryOptions<W>>,
    ) -> Result<()> {
        let options = options.into();
        let entries: Result<Vec<(Key, Entry)>> = entries
            .into_iter()
            .map(|(key, value)| Ok((self.key(key), self.entry(value, &options)?)))
            .collect();
        let on = options.dependencies();
        self.changes();
        self.open()?.set_many_depending(entries?, &on).await
    }

    /// Deletes several keys. One `delete_many` a layer.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_many(&self, keys: impl IntoIterator<Item = impl AsRef<str>>) -> Result<()> {
        let keys: Vec<Key> = keys.into_iter().map(|key| self.key(key)).collect();
        self.delete_keys(&keys).await
    }

    /// Frees what ended entries of this cache's namespace still take, in every layer; says how many there
    /// were.
    ///
    /// # Errors
    /// When a layer failed, or the cache was closed.
    pub async fn purge_expired(&self) -> Result<u64> {
        self.open()?.purge_expired(&self.0.namespace).await
    }

    /// What was counted since the cache was made. Works after [`close`](Self::close) too.
    ///
    /// # Errors
    /// When the stack cannot be asked.
    pub async fn stats(&self) -> Result<CacheStats> {
        let stack = self.0.stack.stats().await?;
        let (space, flights) = (self.0.namespace.as_str(), self.0.flights.len());
        let background = self.0.background.len();
        Ok(self.0.counters.stats(space, flights, background, stack))
    }

    /// Waits until what is under way in the background, refreshes included, has arrived in its layers.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) after 30 s.
    pub async fn flush(&self) -> Result<()> {
        self.0.background.drain().await?;
        self.0.stack.flush().await
    }

    /// Ends background work and closes every layer: refreshes have 10 s to end; then async ones are
    /// dropped, and sync ones that have begun are left to themselves. From then on operations by hand are errors, and
    /// functions compute. Closing twice is fine.
    ///
    /// # Errors
    /// When a layer could not be brought to its end.
    pub async fn close(&self) -> Result<()> {
        self.0.closed.store(true, Ordering::Release);
        // Nothing that threads have at hand is given out any more.
        if let Some(changes) = self.0.stack.changes() {
            changes.turn();
        }
        // Every time: the last one to ask may have gone before it was done.
        let ended = self.0.background.close().await;
        self.0.stack.close().await.and(ended)
    }

    fn entry<T: CacheValue, W>(&self, value: T, options: &EntryOptions<W>) -> Result<Entry> {
        if options.ttl == Some(Duration::ZERO) {
            let message =
                "a ttl of zero keeps nothing; leave it out for the default, or delete the key";
            return Err(Error::new(ErrorKind::Config, message).at("cache", Operation::Set));
        }
        let now = self.0.stack.clock().now();
        let policy = self.policy(options.freshness());
        Ok(self.timed(Entry::new(value, now), now, options.ttl, policy.as_ref()))
    }

    /// Stores a function's value by hand, with what it depends on.
    pub(crate) async fn put_any(
        &self,
        key: &Key,
        value: AnyValue,
        value_type: &'static ValueType,
        (ttl, freshness): (Option<Duration>, Option<&Freshness>),
        on: &[Dependency],
    ) -> Result<()> {
        self.changes();
        let stack = self.open()?;
        let now = stack.clock().now();
        let (entry, policy) = (
            Entry::from_any(value, value_type, now),
            self.policy(freshness),
        );
        let entry = self.timed(entry, now, ttl, policy.as_ref());
        stack.set_depending(key, entry, on).await
    }

    /// Counts an invalidation that a layer did not take at once. The stack keeps it in mind; a closed cache
    /// gives nothing out any more.
    pub(crate) fn invalidates_late(&self, error: &Error) {
        if error.kind() == ErrorKind::Closed {
            return;
        }
        tracing::warn!(target: "cachestack", %error, "a layer did not take an invalidation, it is told again");
        self.tell(None, Outcome::Late, None);
    }
}
