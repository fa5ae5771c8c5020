//! A call of a cached function: look up, else compute, once a key.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{AnyValue, Key, KeyError, KeyText};

use super::form::FormOf;
use super::identity::Identity;
use super::lifetime::Lifetime;
use super::shape::Shape;
use super::share::Share;
use super::site::Site;
use super::target::Target;
use crate::cache::{Cache, Duty, Kept, Lookup};

/// What a call is known by.
#[derive(Debug)]
pub struct Call<'a> {
    pub(super) site: &'static Site,
    pub(super) identity: Identity,
    /// Another function may have the same key.
    shares_key: bool,
    pub(super) target: Target<'a>,
    pub(super) key: Result<KeyText, KeyError>,
    mode: Mode,
    error_ttl: Option<Duration>,
}

/// What a call wants of its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    LookUp,
    /// Neither read nor write.
    Bypass,
    /// Write only.
    Refresh,
}

impl<'a> Call<'a> {
    /// A call with that key, which begins with the identity.
    #[inline]
    pub fn new(
        site: &'static Site,
        identity: Identity,
        target: Target<'a>,
        key: Result<KeyText, KeyError>,
    ) -> Self {
        Self {
            site,
            identity,
            shares_key: false,
            target,
            key,
            mode: Mode::LookUp,
            error_ttl: None,
        }
    }

    /// The key is written by hand: whoever writes the same shares the entry.
    #[inline]
    #[must_use]
    pub fn shares_key(mut self) -> Self {
        self.shares_key = true;
        self
    }

    /// Whether the key is the function's to use.
    #[inline]
    pub(super) fn owns_key(&self) -> bool {
        self.site.owns(&self.identity, self.shares_key)
    }

    /// Computes without the cache, if so.
    #[inline]
    #[must_use]
    pub fn bypass(mut self, wanted: bool) -> Self {
        if wanted {
            self.mode = Mode::Bypass;
        }
        self
    }

    /// Computes and stores whatever is there, if so, and unless the cache is bypassed.
    #[inline]
    #[must_use]
    pub fn refresh(mut self, wanted: bool) -> Self {
        if wanted && self.mode == Mode::LookUp {
            self.mode = Mode::Refresh;
        }
        self
    }

    /// Keeps failures in memory for so long.
    #[inline]
    #[must_use]
    pub fn error_ttl(mut self, ttl: Option<Duration>) -> Self {
        self.error_ttl = ttl;
        self
    }

    /// Looks where nobody has to wait. Takes the call, so that an async caller does not carry its key through
    /// what follows.
    #[inline]
    pub fn probe<R, S, H>(self, _: S, form: FormOf<R, S>, share: &H) -> Probed<S::Value>
    where
        S: Shape<R>,
        H: Share<R>,
    {
        let (site, error_ttl) = (self.site, self.error_ttl);
        let found = self.target.with(|cache| {
            let Some(cache) = cache else {
                site.counters.uncached.one_more();
                return Found::Uncached;
            };
            let (Mode::LookUp, Ok(text)) = (self.mode, &self.key) else {
                return self.apart(cache);
            };
            if !self.owns_key() {
                return self.uncached(cache);
            }
            let digest = cache.namespace().digest(text.as_bytes());
            let found = cache.peek(digest, form.value_type);
            if let Some(value) = found.as_ref().and_then(|entry| (form.load)(entry.any())) {
                site.counters.hits.one_more();
                return Found::Hit(value);
            }
            if let (Some(_), Some(error_type)) = (error_ttl, share.error_type()) {
                if let Some(entry) = cache.peek(digest, error_type) {
                    site.counters.hits.one_more();
                    return Found::Failed(Arc::clone(entry.any()));
                }
            }
            Found::Miss(
                cache.clone(),
                Key::with_digest(cache.namespace(), text.as_str(), digest),
            )
        });
        Probed {
            site,
            error_ttl,
            tags: Tags::default(),
            found,
        }
    }

    /// What is not looked up.
    #[cold]
    fn apart<V>(&self, cache: &Cache) -> Found<V> {
        match (self.mode, &self.key) {
            (Mode::Bypass, _) => {
                self.site.counters.bypassed.one_more();
                Found::Uncached
            }
            (Mode::Refresh, Ok(text)) if self.owns_key() => {
                self.site.counters.refreshed.one_more();
                Found::Refresh(cache.clone(), cache.key(text.as_str()))
            }
            _ => self.uncached(cache),
        }
    }

    #[cold]
    fn uncached<V>(&self, cache: &Cache) -> Found<V> {
        cache.count_uncached();
        self.site.counters.uncached.one_more();
        if let Err(error) = &self.key {
            tracing::warn!(target: "cachestack", %error, "a key could not be written, the function computes");
        }
        Found::Uncached
    }
}

/// What a look at the layers that answer at once came to.
#[derive(Debug)]
pub struct Probed<V> {
    site: &'static Site,
    error_ttl: Option<Duration>,
    tags: Tags,
    found: Found<V>,
}

impl<V> Probed<V> {
    /// The tags of what is stored, which are made only when something may be.
    #[inline]
    #[must_use]
    pub fn tags(mut self, tags: impl FnOnce(&mut Tags)) -> Self {
        if let Found::Miss(cache, _) | Found::Refresh(cache, _) = &self.found {
            tags(&mut self.tags);
            if self.tags.incomplete {
                // Stored without one of its tags, the value would outlive an invalidation.
                cache.count_uncached();
                self.site.counters.uncached.one_more();
                self.found = Found::Uncached;
            }
        }
        self
    }
}

/// Tags of an entry to be.
#[derive(Debug, Default)]
pub struct Tags {
    texts: Vec<Box<str>>,
    incomplete: bool,
}

impl Tags {
    /// One more.
    pub fn add(&mut self, tag: Result<KeyText, KeyError>) {
        match tag {
            Ok(tag) => self.texts.push(tag.as_str().into()),
            Err(error) => {
                self.incomplete = true;
                tracing::warn!(target: "cachestack", %error, "a tag could not be written, the function computes");
            }
        }
    }
}

#[derive(Debug)]
enum Found<V> {
    Hit(V),
    /// A failure that is kept.
    Failed(AnyValue),
    Miss(Cache, Key),
    Refresh(Cache, Key),
    Uncached,
}

/// Calls a sync function.
#[inline]
pub fn call_sync<R, S, H>(
    call: Call<'_>,
    shape: S,
    form: FormOf<R, S>,
    share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    lifetime: impl Lifetime<S::Value>,
    compute: impl FnOnce() -> R,
) -> R
where
    S: Shape<R>,
    H: Share<R>,
{
    let probed = call.probe(shape, form, &share);
    finish_sync(probed, shape, form, share, keep, lifetime, compute)
}

/// Calls an async function. It is awaited where it is made, so the probe need not wait for the first poll, and what it
/// needs takes no room in the future.
#[inline]
pub fn call_async<R, S, H, F>(
    call: Call<'_>,
    shape: S,
    form: FormOf<R, S>,
    share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    lifetime: impl Lifetime<S::Value>,
    compute: impl FnOnce() -> F,
) -> impl Future<Output = R>
where
    S: Shape<R>,
    H: Share<R>,
    F: Future<Output = R>,
{
    let probed = call.probe(shape, form, &share);
    finish_async(probed, shape, form, share, keep, lifetime, compute)
}

/// Goes on with a sync call where the probe ended.
pub fn finish_sync<R, S, H>(
    probed: Probed<S::Value>,
    _: S,
    form: FormOf<R, S>,
    share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    lifetime: impl Lifetime<S::Value>,
    compute: impl FnOnce() -> R,
) -> R
where
    S: Shape<R>,
    H: Share<R>,
{
    let Probed {
        site,
        error_ttl,
        tags: _,
        found,
    } = probed;
    let (cache, key, look_up) = match found {
        Found::Hit(value) => return S::wrap(value),
        Found::Failed(failure) => return share.take(&failure).unwrap_or_else(compute),
        Found::Uncached => return compute(),
        Found::Miss(cache, key) => (cache, key, true),
        Found::Refresh(cache, key) => (cache, key, false),
    };
    let value_type = form.value_type;
    let answer = match look_up {
        true => block_on(cache.look_up(key, value_type)),
        false => Lookup::Compute(cache.duty(key, value_type)),
    };
    let duty = match answered::<R, S, H>(site, form, answer, &share) {
        Answer::Returned(returned) => return returned,
        Answer::Elsewhere => return compute(),
        Answer::Compute(duty) => duty,
    };
    match settle::<R, S, H>(site, form, compute(), keep, lifetime, &share) {
        Settled::Kept { value, kept } => {
            block_on(duty.hand_in((form.erase)(Arc::clone(&value)), kept));
            S::wrap((form.release)(value))
        }
        Settled::Failed { returned, failure } => {
            block_on(fail(duty, failure, &share, error_ttl));
            returned
        }
    }
}

/// Goes on with an async call where the probe ended.
pub async fn finish_async<R, S, H, F>(
    probed: Probed<S::Value>,
    _: S,
    form: FormOf<R, S>,
    share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    lifetime: impl Lifetime<S::Value>,
    compute: impl FnOnce() -> F,
) -> R
where
    S: Shape<R>,
    H: Share<R>,
    F: Future<Output = R>,
{
    let Probed {
        site,
        error_ttl,
        tags: _,
        found,
    } = probed;
    let (cache, key, look_up) = match found {
        Found::Hit(value) => return S::wrap(value),
        Found::Failed(failure) => match share.take(&failure) {
            Some(returned) => return returned,
            None => return compute().await,
        },
        Found::Uncached => return compute().await,
        Found::Miss(cache, key) => (cache, key, true),
        Found::Refresh(cache, key) => (cache, key, false),
    };
    let value_type = form.value_type;
    let answer = match look_up {
        true => cache.look_up(key, value_type).await,
        false => Lookup::Compute(cache.duty(key, value_type)),
    };
    let duty = match answered::<R, S, H>(site, form, answer, &share) {
        Answer::Returned(returned) => return returned,
        Answer::Elsewhere => return compute().await,
        Answer::Compute(duty) => duty,
    };
    match settle::<R, S, H>(site, form, compute().await, keep, lifetime, &share) {
        Settled::Kept { value, kept } => {
            duty.hand_in((form.erase)(Arc::clone(&value)), kept).await;
            S::wrap((form.release)(value))
        }
        Settled::Failed { returned, failure } => {
            fail(duty, failure, &share, error_ttl).await;
            returned
        }
    }
}

/// A probe, with the future of the computation where it may be needed. It knows nothing of the closure that
/// made the future, and so borrows nothing that the future does not.
#[derive(Debug)]
pub enum Started<V, F> {
    /// The probe is the answer.
    Hit(V),
    /// It is not.
    Started(Probed<V>, F),
}

/// Calls a function that returns a future, unless the probe is the answer.
#[inline]
pub fn start<V, F>(probed: Probed<V>, compute: impl FnOnce() -> F) -> Started<V, F> {
    let Probed {
        site,
        error_ttl,
        tags,
        found,
    } = probed;
    match found {
        Found::Hit(value) => Started::Hit(value),
        found => Started::Started(
            Probed {
                site,
                error_ttl,
                tags,
                found,
            },
            compute(),
        ),
    }
}

/// Goes on with a call of a function that returns a future.
pub async fn finish_started<R, S, H, K, L, F>(
    started: Started<S::Value, F>,
    shape: S,
    form: FormOf<R, S>,
    share: H,
    keep: K,
    lifetime: L,
) -> R
where
    S: Shape<R>,
    H: Share<R>,
    K: FnOnce(&S::Value) -> bool,
    L: Lifetime<S::Value>,
    F: Future<Output = R>,
{
    match started {
        Started::Started(probed, future) => {
            finish_async(probed, shape, form, share, keep, lifetime, || future).await
        }
        Started::Hit(value) => S::wrap(value),
    }
}

/// What a look-up means to a function.
enum Answer<'a, R> {
    Returned(R),
    /// There is something that is not its answer: it computes, and keeps that to itself.
    Elsewhere,
    Compute(Duty<'a>),
}

fn answered<'a, R, S, H>(
    site: &Site,
    form: FormOf<R, S>,
    answer: Lookup<'a>,
    share: &H,
) -> Answer<'a, R>
where
    S: Shape<R>,
    H: Share<R>,
{
    let (counter, returned) = match answer {
        Lookup::Found(value) => (&site.counters.hits, (form.load)(&value).map(S::wrap)),
        Lookup::Shared(value) => (&site.counters.coalesced, (form.load)(&value).map(S::wrap)),
        Lookup::Failed(failure) => (&site.counters.coalesced, share.take(&failure)),
        Lookup::Compute(duty) => {
            site.counters.computed.one_more();
            return Answer::Compute(duty);
        }
    };
    match returned {
        Some(returned) => {
            counter.one_more();
            Answer::Returned(returned)
        }
        None => {
            site.counters.computed.one_more();
            Answer::Elsewhere
        }
    }
}

/// What is to be done with what a computation returned.
enum Settled<R, T> {
    Kept {
        value: Arc<T>,
        kept: Kept,
    },
    Failed {
        returned: R,
        failure: Option<AnyValue>,
    },
}

fn settle<R, S, H>(
    site: &Site,
    form: FormOf<R, S>,
    returned: R,
    keep: impl FnOnce(&S::Value) -> bool,
    lifetime: impl Lifetime<S::Value>,
    share: &H,
) -> Settled<R, S::Stored>
where
    S: Shape<R>,
    H: Share<R>,
{
    match S::split(returned) {
        Ok(value) => {
            let wanted = keep(&value);
            let ttl = if wanted { lifetime.of(&value) } else { None };
            let kept = Kept { wanted, ttl };
            if !kept.stores() {
                site.counters.refused.one_more();
            }
            Settled::Kept {
                value: (form.keep)(value),
                kept,
            }
        }
        Err(returned) => {
            site.counters.failed.one_more();
            let failure = share.share(&returned);
            Settled::Failed { returned, failure }
        }
    }
}

/// Tells those who wait that the computation failed, and keeps the failure if it is to be.
async fn fail<R, H: Share<R>>(
    duty: Duty<'_>,
    failure: Option<AnyValue>,
    share: &H,
    ttl: Option<Duration>,
) {
    match (failure, share.error_type(), ttl) {
        (Some(failure), Some(error_type), Some(ttl)) => {
            duty.fail_for(failure, error_type, ttl).await;
        }
        (failure, _, _) => duty.fail(failure),
    }
}
