//! Looking up or computing, one computation a key.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{
    AnyValue, CacheValue, Dependency, Entry, Error, Key, Passage, ValueType,
};

use super::{Cache, EntryOptions};
use crate::flight::{Landed, Lead, Role};

/// What a look-up came to.
pub(crate) enum Lookup<'a, V> {
    /// The value is there, from a store or from another call's computation.
    Found(V),
    /// Another call's computation failed, and its whole return value is shared.
    Failed(AnyValue),
    /// The caller computes, and hands the result in.
    Compute(Duty<'a>),
}

/// How a computed value is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) wanted: bool,
    pub(crate) ttl: Option<Duration>,
}

impl Kept {
    fn by(options: &EntryOptions) -> Self {
        Self {
            wanted: true,
            ttl: options.ttl,
        }
    }
}

/// The duty to compute a value and to hand it in. Dropped instead, it passes to one of those who wait.
pub(crate) struct Duty<'a> {
    cache: &'a Cache,
    value_type: &'static ValueType,
    key: Key,
    lead: Option<Lead<'a>>,
    /// None where the cache takes no part any more. Behind the lead, which ends while the passage still holds.
    /// In a box, as it is large and the duty is handed on several times.
    passage: Option<Box<Passage>>,
}

impl Cache {
    /// Looks into every layer, or waits for whoever does already.
    pub(crate) async fn look_up<V: Clone + Any + Send + Sync>(
        &self,
        key: Key,
        value_type: &'static ValueType,
    ) -> Lookup<'_, V> {
        self.look_up_depending(key, value_type, &[]).await
    }

    /// The same for what depends on tags, or on its function: as they are now, before the computation.
    pub(crate) async fn look_up_depending<V: Clone + Any + Send + Sync>(
        &self,
        key: Key,
        value_type: &'static ValueType,
        on: &[Dependency],
    ) -> Lookup<'_, V> {
        let cache = &*self.0;
        let mut duty = Duty {
            cache: self,
            value_type,
            key,
            lead: None,
            passage: None,
        };
        if self.is_closed() {
            cache.counters.uncached.one_more();
            return Lookup::Compute(duty);
        }
        let digest = duty.key.digest();
        let mut passage = cache.stack.passage_depending(&duty.key, on);
        let joined = cache
            .flights
            .join(digest, passage.epoch(), value_type.id(), cache.wait);
        match joined.await {
            Role::Take(Landed::Value(value)) => {
                cache.counters.coalesced.one_more();
                if let Some(value) = value.downcast_ref::<V>() {
                    return Lookup::Found(value.clone());
                }
            }
            Role::Take(Landed::Failure(failure)) => {
                cache.counters.coalesced.one_more();
                return Lookup::Failed(failure);
            }
            Role::Lead(lead) => duty.lead = Some(lead),
        }
        let found = cache
            .stack
            .look_up(&duty.key, value_type, &mut passage)
            .await;
        duty.passage = Some(Box::new(passage));
        match found {
            Ok(found) => {
                if let Some(entry) = found.hit() {
                    if let Some(value) = entry.value::<V>() {
                        duty.land(Landed::Value(Arc::clone(entry.any())));
                        return Lookup::Found(value.clone());
                    }
                }
            }
            Err(error) => self.failed_open("look-up", &error),
        }
        cache.counters.computed.one_more();
        Lookup::Compute(duty)
    }

    fn failed_open(&self, what: &str, error: &Error) {
        self.0.counters.failed_open.one_more();
        tracing::warn!(target: "cachestack", %error, "{what} failed, the function goes on without");
    }

    /// Counts a call that the cache took no part in.
    pub(crate) fn count_uncached(&self) {
        self.0.counters.uncached.one_more();
    }

    /// The value under a key, or what `compute` makes of it, stored for the next. Concurrent callers of one
    /// key share one computation. A cache that fails only costs the computation: this never fails by it.
    ///
    /// A ttl of zero computes and stores nothing. What is invalidated while it computes, be it the key or one of
    /// its tags, keeps the value out of every store; callers that name different tags do not share a
    /// computation.
    ///
    /// # Cancellation
    /// Dropped while it computes, it hands over to one of those who wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cachestack::Cache;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cachestack::Error> {
    /// let cache = Cache::builder().build()?;
    /// let minute = Duration::from_secs(60);
    /// let answer: u32 = cache.get_or_compute("answer", minute, || async { 6 * 7 }).await;
    /// assert_eq!(answer, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_or_compute<T: CacheValue, F: Future<Output = T>>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions>,
        compute: impl FnOnce() -> F,
    ) -> T {
        let options = options.into();
        let (kept, on) = (Kept::by(&options), options.dependencies());
        let looked_up = self.look_up_depending(self.key(key), ValueType::of::<T>(), &on);
        match looked_up.await {
            Lookup::Found(value) => value,
            Lookup::Compute(duty) => duty.hand_in(compute().await, kept).await,
            // Another function failed under this key; that is not this caller's answer.
            Lookup::Failed(_) => compute().await,
        }
    }

    /// The same for a computation that may fail. Its error goes to its caller and is not stored; those who
    /// waited compute themselves, in rounds that double.
    ///
    /// # Errors
    /// What `compute` returns.
    pub async fn get_or_try_compute<T: CacheValue, E, F: Future<Output = Result<T, E>>>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions>,
        compute: impl FnOnce() -> F,
    ) -> Result<T, E> {
        let options = options.into();
        let (kept, on) = (Kept::by(&options), options.dependencies());
        let looked_up = self.look_up_depending(self.key(key), ValueType::of::<T>(), &on);
        match looked_up.await {
            Lookup::Found(value) => Ok(value),
            Lookup::Failed(_) => compute().await,
            Lookup::Compute(duty) => match compute().await {
                Ok(value) => Ok(duty.hand_in(value, kept).await),
                Err(error) => {
                    duty.fail(None);
                    Err(error)
                }
            },
        }
    }

    pub(super) fn get_or_compute_sync<T: CacheValue>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions>,
        compute: impl FnOnce() -> T,
    ) -> T {
        let options = options.into();
        let (kept, on) = (Kept::by(&options), options.dependencies());
        let looked_up = self.look_up_depending(self.key(key), ValueType::of::<T>(), &on);
        match block_on(looked_up) {
            Lookup::Found(value) => value,
            Lookup::Failed(_) => compute(),
            Lookup::Compute(duty) => {
                let value = compute();
                block_on(duty.hand_in(value, kept))
            }
        }
    }

    pub(super) fn get_or_try_compute_sync<T: CacheValue, E>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions>,
        compute: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let options = options.into();
        let (kept, on) = (Kept::by(&options), options.dependencies());
        let looked_up = self.look_up_depending(self.key(key), ValueType::of::<T>(), &on);
        match block_on(looked_up) {
            Lookup::Found(value) => Ok(value),
            Lookup::Failed(_) => compute(),
            Lookup::Compute(duty) => match compute() {
                Ok(value) => Ok(block_on(duty.hand_in(value, kept))),
                Err(error) => {
                    duty.fail(None);
                    Err(error)
                }
            },
        }
    }
}

impl Duty<'_> {
    /// Gives the value to all who wait, stores it if it is to be kept, and gives it back. An invalidation
    /// that came meanwhile keeps it out of every store.
    pub(crate) async fn hand_in<V: Clone + Any + Send + Sync>(mut self, value: V, kept: Kept) -> V {
        if self.passage.is_none() {
            return value;
        }
        let value: Arc<V> = Arc::new(value);
        self.land(Landed::Value(Arc::clone(&value) as AnyValue));
        let cache = &*self.cache.0;
        if kept.wanted && kept.ttl != Some(Duration::ZERO) {
            let now = cache.stack.clock().now();
            let entry = Entry::from_any(Arc::clone(&value) as AnyValue, self.value_type, now)
                .capped(now, self.cache.lifetime(kept.ttl));
            // The passage stays where it is: dropped in here, the lead must still go before it.
            if let Some(passage) = &self.passage {
                if let Err(error) = cache.stack.store(&self.key, entry, passage).await {
                    self.cache.failed_open("store", &error);
                }
            }
        } else {
            cache.counters.refused.one_more();
        }
        drop(self.lead.take());
        Arc::try_unwrap(value).unwrap_or_else(|shared| V::clone(&shared))
    }

    /// The computation failed. With a failure that can be shared, those who wait get it; else they compute.
    pub(crate) fn fail(mut self, shared: Option<AnyValue>) {
        match shared {
            Some(failure) => self.land(Landed::Failure(failure)),
            None => {
                if let Some(lead) = self.lead.take() {
                    lead.fail();
                }
            }
        }
    }

    fn land(&mut self, landed: Landed) {
        if let Some(lead) = &mut self.lead {
            lead.land(landed);
        }
    }
}
