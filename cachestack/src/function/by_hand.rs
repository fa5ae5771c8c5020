//! `get_or_compute`: a call without an attribute.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{CacheValue, Dependency, Key};

use super::call::{finish_async, finish_async_either, finish_sync, finish_sync_either};
use super::compute::{Compute, Here, job, task};
use super::form::Keeps;
use super::limit::FailsLate;
use super::missed::Missed;
use super::probe::{Found, Probed, Tags, look};
use super::shape::{OfFallible as _, OfOther as _, Tag};
use super::share::Unshared;
use super::site::Site;
use crate::cache::{
    BlockingCache, Cache, EntryOptions, InBackground, InPlace, InTime, Policy, Ticket, Timeout,
    Wish,
};

/// All calls by hand; nobody asks for their numbers.
static BY_HAND: Site = Site::new();

/// A call by hand whose computation may run in the background.
pub struct Renewable<C, S> {
    call: Renewal,
    compute: C,
    shape: S,
}

/// What such a call is known by.
#[derive(Debug, Clone)]
pub struct Renewal {
    cache: Cache,
    key: Key,
    on: Vec<Dependency>,
    policy: Option<Arc<Policy>>,
    ttl: Option<Duration>,
}

impl<C, S> fmt::Debug for Renewable<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewable").finish_non_exhaustive()
    }
}

impl Renewal {
    fn probed<V>(self) -> Probed<V> {
        let missed = Missed::new(&self.cache, self.key, Wish::Newer, self.policy);
        Probed::new(&BY_HAND, Tags::known(self.on), Found::Miss(missed))
    }
}

impl<C, F, S> Compute<F, F::Output> for Renewable<C, S>
where
    C: FnOnce() -> F + Send + 'static,
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Kept<F::Output>,
{
    const GOES_APART: bool = true;

    fn here(self) -> F {
        (self.compute)()
    }
    fn start(self, ticket: Ticket, done: impl FnOnce(F::Output) + Send + 'static) {
        let (ttl, form) = (self.call.ttl, S::form());
        let Self {
            call,
            compute,
            shape,
        } = self;
        ticket.start(
            task(async move {
                let probed = call.probed();
                finish_async(probed, shape, form, Unshared, |_| true, ttl, compute).await
            }),
            done,
        );
    }
}

/// A shape whose value any thread may keep.
pub trait Kept<R>: Keeps<R, Value: Send + 'static, Stored: Send + Sync + 'static> {}

impl<R, S: Keeps<R, Value: Send + 'static, Stored: Send + Sync + 'static>> Kept<R> for S {}

/// A call by hand of sync code.
pub struct RenewableSync<C, S>(Renewable<C, S>);

impl<C, S> fmt::Debug for RenewableSync<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C, R, S> Compute<R, R> for RenewableSync<C, S>
where
    C: FnOnce() -> R + Send + 'static,
    R: 'static,
    S: Kept<R>,
{
    const GOES_APART: bool = true;

    fn here(self) -> R {
        (self.0.compute)()
    }
    fn start(self, ticket: Ticket, done: impl FnOnce(R) + Send + 'static) {
        let (ttl, form) = (self.0.call.ttl, S::form());
        let Renewable {
            call,
            compute,
            shape,
        } = self.0;
        ticket.start(
            job(move || finish_sync(call.probed(), shape, form, Unshared, |_| true, ttl, compute)),
            done,
        );
    }
}

/// How [`Cache::get_or_compute`] runs a computation, told by the type of its [`EntryOptions`].
#[diagnostic::on_unimplemented(
    message = "this computation cannot be run as its options want",
    label = "what runs in the background must be `Send + 'static`",
    note = "`stale_while_revalidate`, `refresh_ahead` and `timeout` want what owns all it needs: `move` clones into it; \
            `hard_timeout` wants a `Result` whose error implements `From<cachestack::Timeout>`"
)]
pub trait Way<C, F: Future> {
    #[doc(hidden)]
    type Compute<S: Kept<F::Output>>: Compute<F, F::Output>;

    #[doc(hidden)]
    fn way<S>(call: impl FnOnce() -> Renewal, compute: C, shape: S) -> Self::Compute<S>
    where
        S: Kept<F::Output>;

    #[doc(hidden)]
    fn late(timeout: Timeout) -> Option<F::Output> {
        let _ = timeout;
        None
    }
}

impl<C: FnOnce() -> F, F: Future> Way<C, F> for InPlace {
    type Compute<S: Kept<F::Output>> = Here<C>;

    fn way<S>(_: impl FnOnce() -> Renewal, compute: C, _: S) -> Here<C>
    where
        S: Kept<F::Output>,
    {
        Here(compute)
    }
}

impl<C, F> Way<C, F> for InBackground
where
    C: FnOnce() -> F + Send + 'static,
    F: Future<Output: Send + 'static> + Send + 'static,
{
    type Compute<S: Kept<F::Output>> = Renewable<C, S>;

    fn way<S>(call: impl FnOnce() -> Renewal, compute: C, shape: S) -> Renewable<C, S>
    where
        S: Kept<F::Output>,
    {
        let call = call();
        Renewable {
            call,
            compute,
            shape,
        }
    }
}

impl<W: Way<C, F>, C, F: Future<Output: FailsLate>> Way<C, F> for InTime<W> {
    type Compute<S: Kept<F::Output>> = W::Compute<S>;

    fn way<S>(call: impl FnOnce() -> Renewal, compute: C, shape: S) -> W::Compute<S>
    where
        S: Kept<F::Output>,
    {
        W::way(call, compute, shape)
    }
    fn late(timeout: Timeout) -> Option<F::Output> {
        Some(F::Output::late(timeout))
    }
}

/// How [`BlockingCache::get_or_compute`](crate::BlockingCache::get_or_compute) runs a computation, told by the type of
/// its [`EntryOptions`].
#[diagnostic::on_unimplemented(
    message = "this computation cannot be run as its options want",
    label = "what runs in the background must be `Send + 'static`",
    note = "`stale_while_revalidate`, `refresh_ahead` and `timeout` want what owns all it needs: `move` clones into it; \
            `hard_timeout` is for async code, as sync code cannot be stopped"
)]
pub trait BlockingWay<C, R> {
    #[doc(hidden)]
    type Compute<S: Kept<R>>: Compute<R, R>;

    #[doc(hidden)]
    fn way<S: Kept<R>>(call: impl FnOnce() -> Renewal, compute: C, shape: S) -> Self::Compute<S>;
}

impl<C: FnOnce() -> R, R> BlockingWay<C, R> for InPlace {
    type Compute<S: Kept<R>> = Here<C>;

    fn way<S: Kept<R>>(_: impl FnOnce() -> Renewal, compute: C, _: S) -> Here<C> {
        Here(compute)
    }
}

impl<C, R: 'static> BlockingWay<C, R> for InBackground
where
    C: FnOnce() -> R + Send + 'static,
{
    type Compute<S: Kept<R>> = RenewableSync<C, S>;

    fn way<S: Kept<R>>(
        call: impl FnOnce() -> Renewal,
        compute: C,
        shape: S,
    ) -> RenewableSync<C, S> {
        let call = call();
        RenewableSync(Renewable {
            call,
            compute,
            shape,
        })
    }
}

/// What a call by hand finds where nobody has to wait, and how it goes on.
fn probe<R, S: Kept<R>, W>(
    cache: &Cache,
    key: &str,
    options: &EntryOptions<W>,
) -> Probed<S::Value> {
    let freshness = options.freshness();
    let found = look::<R, S, _>(&BY_HAND, cache, freshness, key, S::form(), &Unshared);
    let mut tags = Tags::none();
    if let Found::Miss(_) | Found::Aged(..) = &found {
        tags = Tags::known(options.dependencies());
    }
    Probed::new(&BY_HAND, tags, found)
}

impl<V> Probed<V> {
    /// The same call again, apart from this one. Of one that is answered already it is never used.
    fn renewal(&self, cache: &Cache, key: &str, ttl: Option<Duration>) -> Renewal {
        let policy = match &self.found {
            Found::Miss(missed) | Found::Aged(_, missed) => missed.policy.clone(),
            _ => None,
        };
        Renewal {
            cache: cache.clone(),
            key: cache.key(key),
            on: self.tags.on.clone(),
            policy,
            ttl,
        }
    }
}

impl Cache {
    /// The value under a key, or what `compute` makes of it, stored for the next. Concurrent callers of one
    /// key share one computation. A cache that fails only costs the computation: this never fails by it.
    ///
    /// A ttl of zero computes and stores nothing. What is invalidated while it computes, be it the key or one of
    /// its tags, keeps the value out of every store; callers that name different tags do not share a
    /// computation.
    ///
    /// What the options say of stale values decides where the computation runs: in its caller's place, which is the
    /// default, or in the background where [`EntryOptions`] ask for it; then `compute` and its future must be
    /// `Send + 'static`.
    ///
    /// # Cancellation
    /// Dropped while it computes, it hands over to one of those who wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cachestack::{Cache, EntryOptions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cachestack::Error> {
    /// let cache = Cache::builder().build()?;
    /// let minute = Duration::from_secs(60);
    /// let answer: u32 = cache.get_or_compute("answer", minute, || async { 6 * 7 }).await;
    /// assert_eq!(answer, 42);
    ///
    /// // Up to ten minutes after its minute it is served, while a new one is computed in the background.
    /// let options = EntryOptions::new().ttl(minute).stale_while_revalidate(10 * minute);
    /// let answer = cache.get_or_compute("the answer", options, || async { 6 * 7 }).await;
    /// assert_eq!(answer, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_or_compute<T, F, C, W>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions<W>>,
        compute: C,
    ) -> T
    where
        T: CacheValue,
        F: Future<Output = T>,
        C: FnOnce() -> F,
        W: Way<C, F>,
    {
        let shape = (&&Tag::<T>::NEW).shape();
        self.compute_by_hand(key.as_ref(), options.into(), compute, shape)
            .await
    }

    /// The same for a computation that may fail. Its error goes to its caller and is not stored; those who
    /// waited compute themselves, in rounds that double.
    ///
    /// # Errors
    /// What `compute` returns.
    pub async fn get_or_try_compute<T, E, F, C, W>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions<W>>,
        compute: C,
    ) -> Result<T, E>
    where
        T: CacheValue,
        F: Future<Output = Result<T, E>>,
        C: FnOnce() -> F,
        W: Way<C, F>,
    {
        let shape = (&Tag::<Result<T, E>>::NEW).shape();
        self.compute_by_hand(key.as_ref(), options.into(), compute, shape)
            .await
    }

    fn compute_by_hand<S, F, C, W>(
        &self,
        key: &str,
        options: EntryOptions<W>,
        compute: C,
        shape: S,
    ) -> impl Future<Output = F::Output> + use<S, F, C, W>
    where
        S: Kept<F::Output>,
        F: Future,
        C: FnOnce() -> F,
        W: Way<C, F>,
    {
        let probed = probe::<F::Output, S, W>(self, key, &options);
        let (ttl, form) = (options.ttl, S::form());
        let limit = options.freshness.hard_timeout.and_then(|_| probed.limit());
        let compute = W::way(|| probed.renewal(self, key, ttl), compute, shape);
        let call = finish_async_either(probed, shape, form, Unshared, |_| true, ttl, compute);
        async move {
            match limit {
                None => call.await,
                Some(limit) => limit.keep(shape, form, call, W::late).await,
            }
        }
    }

    pub(crate) fn compute_by_hand_sync<R, S, C, W>(
        &self,
        key: &str,
        options: EntryOptions<W>,
        compute: C,
        shape: S,
    ) -> R
    where
        S: Kept<R>,
        C: FnOnce() -> R,
        W: BlockingWay<C, R>,
    {
        let probed = probe::<R, S, W>(self, key, &options);
        let (ttl, form) = (options.ttl, S::form());
        let compute = W::way(|| probed.renewal(self, key, ttl), compute, shape);
        finish_sync_either(probed, shape, form, Unshared, |_| true, ttl, compute)
    }
}

impl BlockingCache {
    /// See [`Cache::get_or_compute`].
    pub fn get_or_compute<T, C, W>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions<W>>,
        compute: C,
    ) -> T
    where
        T: CacheValue,
        C: FnOnce() -> T,
        W: BlockingWay<C, T>,
    {
        let shape = (&&Tag::<T>::NEW).shape();
        let (cache, options) = (self.cache(), options.into());
        cache.compute_by_hand_sync(key.as_ref(), options, compute, shape)
    }

    /// See [`Cache::get_or_try_compute`].
    ///
    /// # Errors
    /// As there.
    pub fn get_or_try_compute<T, E, C, W>(
        &self,
        key: impl AsRef<str>,
        options: impl Into<EntryOptions<W>>,
        compute: C,
    ) -> Result<T, E>
    where
        T: CacheValue,
        C: FnOnce() -> Result<T, E>,
        W: BlockingWay<C, Result<T, E>>,
    {
        let shape = (&Tag::<Result<T, E>>::NEW).shape();
        let (cache, options) = (self.cache(), options.into());
        cache.compute_by_hand_sync(key.as_ref(), options, compute, shape)
    }
}
