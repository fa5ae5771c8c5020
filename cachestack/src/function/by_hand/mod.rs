//! `get_or_compute`: a call without an attribute.

mod way;

use std::future::Future;

use cachestack_backends::CacheValue;

use super::call::{finish_async_either, finish_sync_either};
use super::look::{Found, Probed, look};
use super::shape::{OfFallible as _, OfOther as _, Tag};
use super::share::Unshared;
use super::site::Site;
use super::text::Text;
use crate::cache::{BlockingCache, Cache, EntryOptions};
use crate::events::Origin;

pub use self::way::{BlockingWay, Way};
use self::way::{ByHand, ByHandSync, Kept};

/// All calls by hand; nobody asks for their numbers.
static BY_HAND: Site = Site::new();

/// Who calls by hand.
pub(crate) fn by_hand_origin() -> Origin {
    Origin {
        identity: None,
        counters: &BY_HAND.counters,
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
        let again = W::GOES_APART.then(|| probed.renewal(self, key, ttl));
        let compute = ByHand::<_, _, W>::new(again, compute, shape);
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
        let again = W::GOES_APART.then(|| probed.renewal(self, key, ttl));
        let compute = ByHandSync(ByHand::<_, _, W>::new(again, compute, shape));
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
