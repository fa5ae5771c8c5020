//! Looking up or computing, one computation a key.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{
    AnyValue, CacheValue, Dependency, Entry, Error, Key, Passage, ValueType,
};

use super::{Cache, EntryOptions};
use crate::flight::{Landed, Lead, Lease, Overtaken, Role};

/// What a look-up came to.
pub(crate) enum Lookup<'a> {
    /// The value is there, of the type that was asked for: in a store.
    Found(AnyValue),
    /// The same, from another call's computation.
    Shared(AnyValue),
    /// Another call's computation failed, and its failure is shared.
    Failed(AnyValue),
    /// The caller computes, and hands the result in.
    Compute(Duty<'a>),
}

/// The same for a caller who knows the type.
enum Typed<'a, T> {
    Found(T),
    /// There is something that is not this caller's answer: it computes, and keeps that to itself.
    Elsewhere,
    Compute(Duty<'a>),
}

impl<'a> Lookup<'a> {
    fn typed<T: Clone + 'static>(self) -> Typed<'a, T> {
        match self {
            Self::Found(value) | Self::Shared(value) => match value.downcast_ref::<T>() {
                Some(value) => Typed::Found(value.clone()),
                None => Typed::Elsewhere,
            },
            // Another function failed under this key.
            Self::Failed(_) => Typed::Elsewhere,
            Self::Compute(duty) => Typed::Compute(duty),
        }
    }
}

/// How a computed value is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) wanted: bool,
    pub(crate) ttl: Option<Duration>,
}

impl Kept {
    /// Whether anything is stored.
    pub(crate) fn stores(&self) -> bool {
        self.wanted && self.ttl != Some(Duration::ZERO)
    }

    pub(super) fn by(options: &EntryOptions) -> Self {
        Self {
            wanted: true,
            ttl: options.ttl,
        }
    }
}

/// Whether what is to be taken is that there is nothing.
fn is_nothing(joined: &Role<'_>, value_type: &ValueType) -> bool {
    matches!(joined, Role::Take(Landed::Value(value)) if !value_type.describes(value))
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
    /// Looks into every layer, or waits for whoever does already, for what depends on tags and on its function
    /// as they are now, before the computation.
    async fn look_up(
        &self,
        key: Key,
        value_type: &'static ValueType,
        on: &[Dependency],
    ) -> Lookup<'_> {
        let cache = &*self.0;
        let mut duty = Duty::new(self, key, value_type);
        if self.is_closed() {
            cache.counters.uncached.one_more();
            return Lookup::Compute(duty);
        }
        let digest = duty.key.digest();
        let mut passage = cache.stack.passage_depending(&duty.key, on);
        let lease = Lease::new(cache.stack.clock(), cache.wait);
        let overtaken = || {
            let watch = passage.watch();
            Box::new(move || watch.is_overtaken()) as Overtaken
        };
        let join = || {
            let (flights, epoch) = (&cache.flights, passage.epoch());
            flights.join(digest, epoch, value_type.id(), lease, overtaken)
        };
        let mut joined = join().await;
        if is_nothing(&joined, value_type) {
            // A batch found that there is nothing, which is no answer here: one of those who wait computes.
            joined = join().await;
        }
        match joined {
            Role::Take(Landed::Value(value)) => {
                cache.counters.coalesced.one_more();
                if value_type.describes(&value) {
                    return Lookup::Shared(value);
                }
            }
            Role::Take(Landed::Failure(failure)) => {
                cache.counters.coalesced.one_more();
                return Lookup::Failed(failure);
            }
            Role::Lead(lead) => duty.lead = Some(lead),
        }
        let found = {
            let looking = pin!(cache.stack.look_up(&duty.key, value_type, &mut passage));
            duty.drive(looking).await
        };
        duty.passage = Some(Box::new(passage));
        match found {
            Ok(found) => {
                if let Some(entry) = found.hit() {
                    if value_type.describes(entry.any()) {
                        duty.land(Landed::Value(Arc::clone(entry.any())));
                        return Lookup::Found(Arc::clone(entry.any()));
                    }
                }
            }
            Err(error) => self.failed_open("look-up", &error),
        }
        cache.counters.computed.one_more();
        Lookup::Compute(duty)
    }

    /// The duty to compute whatever there is. Others who look for the key meanwhile compute for themselves.
    ///
    /// It looks all the same, for what the entry depends on.
    pub(crate) async fn duty(
        &self,
        key: Key,
        value_type: &'static ValueType,
        on: &[Dependency],
    ) -> Duty<'_> {
        let mut duty = Duty::new(self, key, value_type);
        if !self.is_closed() {
            let mut passage = self.0.stack.passage_depending(&duty.key, on);
            let looked = self.0.stack.look_up(&duty.key, value_type, &mut passage);
            if let Err(error) = looked.await {
                self.failed_open("look-up", &error);
            }
            duty.passage = Some(Box::new(passage));
        }
        duty
    }

    /// A look-up, or at once the duty of who wants a new value.
    async fn begin(
        &self,
        key: Key,
        value_type: &'static ValueType,
        on: &[Dependency],
        new: bool,
    ) -> Lookup<'_> {
        if !new {
            return self.look_up(key, value_type, on).await;
        }
        self.0.counters.computed.one_more();
        Lookup::Compute(self.duty(key, value_type, on).await)
    }

    /// The same apart from its caller's future, which is to stay small: functions call each other.
    #[inline(never)]
    pub(crate) fn begin_apart<'a>(
        &'a self,
        key: Key,
        value_type: &'static ValueType,
        on: &'a [Dependency],
        new: bool,
    ) -> Pin<Box<impl Future<Output = Lookup<'a>> + use<'a>>> {
        Box::pin(self.begin(key, value_type, on, new))
    }

    /// The same for sync code. On its own, so that what a look-up needs is off the stack when it computes.
    #[inline(never)]
    pub(crate) fn begin_sync(
        &self,
        key: Key,
        value_type: &'static ValueType,
        on: &[Dependency],
        new: bool,
    ) -> Lookup<'_> {
        block_on(self.begin(key, value_type, on, new))
    }

    pub(crate) fn failed_open(&self, what: &str, error: &Error) {
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
        let looked_up = self.begin_apart(self.key(key), ValueType::of::<T>(), &on, false);
        match looked_up.await.typed() {
            Typed::Found(value) => value,
            Typed::Elsewhere => compute().await,
            Typed::Compute(duty) => {
                let value = {
                    let computing = pin!(duty.run(compute));
                    Arc::new(duty.drive(computing).await)
                };
                duty.hand_in_apart(Arc::clone(&value) as AnyValue, kept)
                    .await;
                Arc::unwrap_or_clone(value)
            }
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
        let looked_up = self.begin_apart(self.key(key), ValueType::of::<T>(), &on, false);
        match looked_up.await.typed() {
            Typed::Found(value) => Ok(value),
            Typed::Elsewhere => compute().await,
            Typed::Compute(duty) => {
                let computed = {
                    let computing = pin!(duty.run(compute));
                    duty.drive(computing).await
                };
                match computed {
                    Ok(value) => {
                        let value = Arc::new(value);
                        duty.hand_in_apart(Arc::clone(&value) as AnyValue, kept)
                            .await;
                        Ok(Arc::unwrap_or_clone(value))
                    }
                    Err(error) => {
                        duty.fail(None);
                        Err(error)
                    }
                }
            }
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
        let looked_up = self.begin_sync(self.key(key), ValueType::of::<T>(), &on, false);
        match looked_up.typed() {
            Typed::Found(value) => value,
            Typed::Elsewhere => compute(),
            Typed::Compute(duty) => {
                let value = Arc::new(duty.run(compute));
                duty.hand_in_sync(Arc::clone(&value) as AnyValue, kept);
                Arc::unwrap_or_clone(value)
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
        let looked_up = self.begin_sync(self.key(key), ValueType::of::<T>(), &on, false);
        match looked_up.typed() {
            Typed::Found(value) => Ok(value),
            Typed::Elsewhere => compute(),
            Typed::Compute(duty) => match duty.run(compute) {
                Ok(value) => {
                    let value = Arc::new(value);
                    duty.hand_in_sync(Arc::clone(&value) as AnyValue, kept);
                    Ok(Arc::unwrap_or_clone(value))
                }
                Err(error) => {
                    duty.fail(None);
                    Err(error)
                }
            },
        }
    }
}

impl<'a> Duty<'a> {
    fn new(cache: &'a Cache, key: Key, value_type: &'static ValueType) -> Self {
        Self {
            cache,
            value_type,
            key,
            lead: None,
            passage: None,
        }
    }

    /// [`hand_in`](Self::hand_in) apart from its caller's future.
    #[inline(never)]
    pub(crate) fn hand_in_apart(
        self,
        value: AnyValue,
        kept: Kept,
    ) -> Pin<Box<impl Future<Output = ()> + use<'a>>> {
        Box::pin(self.hand_in(value, kept))
    }

    /// Runs what computes. A call from there that would wait for it computes too.
    pub(crate) fn run<R>(&self, compute: impl FnOnce() -> R) -> R {
        let _mark = self.lead.as_ref().map(Lead::mark);
        compute()
    }

    /// The same for a future, which is marked while it is polled.
    pub(crate) async fn drive<F: Future>(&self, mut future: Pin<&mut F>) -> F::Output {
        let mut thread = self.lead.as_ref().map(Lead::began_on);
        poll_fn(|context| {
            if let Some(lead) = &self.lead {
                let here = thread::current().id();
                if thread.replace(here) != Some(here) {
                    lead.moved();
                }
            }
            self.run(|| future.as_mut().poll(context))
        })
        .await
    }

    /// Gives the value to all who wait, and stores it if it is to be kept. An invalidation that came meanwhile
    /// keeps it out of every store.
    pub(crate) async fn hand_in(mut self, value: AnyValue, kept: Kept) {
        if self.passage.is_none() {
            return;
        }
        self.land(Landed::Value(Arc::clone(&value)));
        match kept.stores() {
            true => self.store(value, self.value_type, kept.ttl).await,
            false => self.cache.0.counters.refused.one_more(),
        }
        drop(self.lead.take());
    }

    /// The same for sync code.
    #[inline(never)]
    pub(crate) fn hand_in_sync(self, value: AnyValue, kept: Kept) {
        block_on(self.hand_in(value, kept));
    }

    async fn store(&self, value: AnyValue, value_type: &'static ValueType, ttl: Option<Duration>) {
        let stack = &self.cache.0.stack;
        let now = stack.clock().now();
        let entry = Entry::from_any(value, value_type, now).capped(now, self.cache.lifetime(ttl));
        // The passage stays where it is: dropped in here, the lead must still go before it.
        if let Some(passage) = &self.passage {
            if let Err(error) = stack.store(&self.key, entry, passage).await {
                self.cache.failed_open("store", &error);
            }
        }
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

    /// The computation failed; those who wait get the failure, and memory keeps it for so long.
    pub(crate) async fn fail_for(
        mut self,
        failure: AnyValue,
        error_type: &'static ValueType,
        ttl: Duration,
    ) {
        self.land(Landed::Failure(Arc::clone(&failure)));
        self.store(failure, error_type, Some(ttl)).await;
        drop(self.lead.take());
    }

    fn land(&mut self, landed: Landed) {
        if let Some(lead) = &mut self.lead {
            lead.land(landed);
        }
    }
}
