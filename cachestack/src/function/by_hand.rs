//! `get_or_compute`: a call without an attribute.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{CacheValue, Dependency, Key};

use super::call::{finish_async, finish_async_either, finish_sync, finish_sync_either};
use super::compute::{Compute, job, task};
use super::form::Keeps;
use super::limit::FailsLate;
use super::missed::Missed;
use super::probe::{Found, Probed, look};
use super::shape::{OfFallible as _, OfOther as _, Tag};
use super::share::Unshared;
use super::site::Site;
use super::text::Text;
use smallvec::SmallVec;

use crate::cache::{
    BlockingCache, Cache, EntryOptions, InBackground, InPlace, InTime, Policy, Ticket, Timeout,
    Wish,
};
use crate::events::Origin;

/// All calls by hand; nobody asks for their numbers.
static BY_HAND: Site = Site::new();

/// Who calls by hand.
pub(crate) fn by_hand_origin() -> Origin {
    Origin {
        identity: None,
        counters: &BY_HAND.counters,
    }
}

/// What a call by hand computes, and the call itself where that can go apart. The way it goes is part of the type and
/// not a type of its own: what a future holds must not depend on how the closure and its future go together, or no
/// task could be spawned with it.
pub(super) struct ByHand<C, S, W> {
    call: Option<Renewal>,
    compute: C,
    shape: S,
    way: PhantomData<fn() -> W>,
}

/// A call by hand, to be made again apart.
#[derive(Debug, Clone)]
pub struct Renewal {
    cache: Cache,
    key: Key,
    on: Vec<Dependency>,
    policy: Option<Arc<Policy>>,
    ttl: Option<Duration>,
}

impl Renewal {
    fn probed<V>(self) -> Probed<V> {
        let mut missed = Missed::new(
            by_hand_origin(),
            &self.cache,
            self.key,
            Wish::Newer,
            self.policy,
        );
        missed.on = self.on.into();
        Probed(Found::Miss(Box::new(missed)))
    }
}

/// A shape whose value any thread may keep.
pub trait Kept<R>: Keeps<R, Value: Send + 'static, Stored: Send + Sync + 'static> {}

impl<R, S: Keeps<R, Value: Send + 'static, Stored: Send + Sync + 'static>> Kept<R> for S {}

impl<C, F, S, W> Compute<F, F::Output> for ByHand<C, S, W>
where
    C: FnOnce() -> F,
    F: Future,
    S: Kept<F::Output>,
    W: Way<C, F>,
{
    const GOES_APART: bool = W::GOES_APART;

    fn here(self) -> F {
        (self.compute)()
    }
    fn start(self, ticket: Ticket, done: impl FnOnce(F::Output) + Send + 'static) {
        if let Some(call) = self.call {
            W::start(call, self.compute, self.shape, ticket, done);
        }
    }
}

/// The same for sync code.
pub(super) struct ByHandSync<C, S, W>(ByHand<C, S, W>);

impl<C, R, S, W> Compute<R, R> for ByHandSync<C, S, W>
where
    C: FnOnce() -> R,
    S: Kept<R>,
    W: BlockingWay<C, R>,
{
    const GOES_APART: bool = W::GOES_APART;

    fn here(self) -> R {
        (self.0.compute)()
    }
    fn start(self, ticket: Ticket, done: impl FnOnce(R) + Send + 'static) {
        if let Some(call) = self.0.call {
            W::start(call, self.0.compute, self.0.shape, ticket, done);
        }
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
    const GOES_APART: bool;

    #[doc(hidden)]
    fn start<S: Kept<F::Output>>(
        call: Renewal,
        compute: C,
        shape: S,
        ticket: Ticket,
        done: impl FnOnce(F::Output) + Send + 'static,
    );

    #[doc(hidden)]
    fn late() -> Option<fn(Timeout) -> F::Output> {
        None
    }
}

impl<C: FnOnce() -> F, F: Future> Way<C, F> for InPlace {
    const GOES_APART: bool = false;

    fn start<S: Kept<F::Output>>(
        _: Renewal,
        _: C,
        _: S,
        _: Ticket,
        _: impl FnOnce(F::Output) + Send + 'static,
    ) {
    }
}

impl<C, F> Way<C, F> for InBackground
where
    C: FnOnce() -> F + Send + 'static,
    F: Future<Output: Send + 'static> + Send + 'static,
{
    const GOES_APART: bool = true;

    fn start<S: Kept<F::Output>>(
        call: Renewal,
        compute: C,
        shape: S,
        ticket: Ticket,
        done: impl FnOnce(F::Output) + Send + 'static,
    ) {
        let (ttl, form) = (call.ttl, S::form());
        let again = async move {
            let probed = call.probed();
            finish_async(probed, shape, form, Unshared, |_| true, ttl, compute).await
        };
        ticket.start(task(again), done);
    }
}

impl<W: Way<C, F>, C, F: Future<Output: FailsLate>> Way<C, F> for InTime<W> {
    const GOES_APART: bool = W::GOES_APART;

    fn start<S: Kept<F::Output>>(
        call: Renewal,
        compute: C,
        shape: S,
        ticket: Ticket,
        done: impl FnOnce(F::Output) + Send + 'static,
    ) {
        W::start(call, compute, shape, ticket, done);
    }
    fn late() -> Option<fn(Timeout) -> F::Output> {
        Some(F::Output::late)
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
    const GOES_APART: bool;

    #[doc(hidden)]
    fn start<S: Kept<R>>(
        call: Renewal,
        compute: C,
        shape: S,
        ticket: Ticket,
        done: impl FnOnce(R) + Send + 'static,
    );
}

impl<C: FnOnce() -> R, R> BlockingWay<C, R> for InPlace {
    const GOES_APART: bool = false;

    fn start<S: Kept<R>>(_: Renewal, _: C, _: S, _: Ticket, _: impl FnOnce(R) + Send + 'static) {}
}

impl<C: FnOnce() -> R + Send + 'static, R: 'static> BlockingWay<C, R> for InBackground {
    const GOES_APART: bool = true;

    fn start<S: Kept<R>>(
        call: Renewal,
        compute: C,
        shape: S,
        ticket: Ticket,
        done: impl FnOnce(R) + Send + 'static,
    ) {
        let (ttl, form) = (call.ttl, S::form());
        let again =
            move || finish_sync(call.probed(), shape, form, Unshared, |_| true, ttl, compute);
        ticket.start(job(again), done);
    }
}

/// What a call by hand finds where nobody has to wait, and how it goes on.
fn probe<R, S: Kept<R>, W>(
    cache: &Cache,
    key: &str,
    options: &EntryOptions<W>,
) -> Probed<S::Value> {
    let freshness = options.freshness();
    // What is due is another time for each call that says when.
    let is_steady = freshness.is_none_or(|it| it.refresh_ahead.is_none());
    let mut found = look::<R, S, _>(
        by_hand_origin(),
        cache,
        freshness,
        (&Text::Whole(key), is_steady),
        S::form(),
        &Unshared,
    );
    if let Found::Miss(missed) | Found::Aged(_, missed) = &mut found {
        missed.on = options.dependencies().into();
    }
    Probed(found)
}

impl<V> Probed<V> {
    /// The same call again, apart from this one. Of one that is answered already it is never used.
    fn renewal(&self, cache: &Cache, key: &str, ttl: Option<Duration>) -> Renewal {
        let (policy, on) = match &self.0 {
            Found::Miss(missed) | Found::Aged(_, missed) => {
                (missed.policy.clone(), missed.on.clone())
            }
            _ => (None, SmallVec::new()),
        };
        Renewal {
            cache: cache.clone(),
            key: cache.key(key),
            on: on.into_vec(),
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
        let shape = Tag::<Result<T, E>>::NEW.shape();
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
        let limit = W::late().and_then(|late| Some((probed.limit()?, late)));
        let compute = ByHand {
            call: W::GOES_APART.then(|| probed.renewal(self, key, ttl)),
            compute,
            shape,
            way: PhantomData::<fn() -> W>,
        };
        let call = finish_async_either(probed, shape, form, Unshared, |_| true, ttl, compute);
        async move {
            match limit {
                None => call.await,
                Some((limit, late)) => limit.keep(shape, form, call, late).await,
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
        let compute = ByHandSync(ByHand {
            call: W::GOES_APART.then(|| probed.renewal(self, key, ttl)),
            compute,
            shape,
            way: PhantomData::<fn() -> W>,
        });
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
        let shape = Tag::<Result<T, E>>::NEW.shape();
        let (cache, options) = (self.cache(), options.into());
        cache.compute_by_hand_sync(key.as_ref(), options, compute, shape)
    }
}
