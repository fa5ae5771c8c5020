//! A call of a cached function: look up, else compute, once a key.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use cachestack_backends::{CacheValue, Key, KeyError, KeyText, ValueType};

use super::shape::{Shape, Share};
use super::site::{Site, Target};
use crate::cache::{Cache, Kept, Lookup};

/// What a call is known by.
#[derive(Debug)]
pub struct Call<'a> {
    /// The function, where its identity is part of the key.
    pub site: Option<&'static Site>,
    /// Its cache.
    pub target: Target<'a>,
    /// Its key.
    pub key: Result<KeyText, KeyError>,
    /// How long its value lives.
    pub ttl: Option<Duration>,
}

/// What a look at the layers that answer at once came to.
enum Probe<V> {
    Hit(V),
    Miss(Cache, Key),
    Uncached,
}

impl Call<'_> {
    /// Takes the call, so that an async caller does not carry its key through what follows.
    #[inline]
    fn probe<V: CacheValue>(self) -> Probe<V> {
        self.target.with(|cache| {
            let Some(cache) = cache else {
                return Probe::Uncached;
            };
            let Ok(text) = &self.key else {
                return self.uncached(cache);
            };
            if self.site.is_some_and(|site| !site.is_unique()) {
                return self.uncached(cache);
            }
            let digest = cache.namespace().digest(text.as_bytes());
            let found = cache.peek(digest, ValueType::of::<V>());
            match found.as_ref().and_then(|entry| entry.value::<V>()) {
                Some(value) => Probe::Hit(value.clone()),
                None => Probe::Miss(
                    cache.clone(),
                    Key::with_digest(cache.namespace(), text.as_str(), digest),
                ),
            }
        })
    }

    #[cold]
    fn uncached<V>(&self, cache: &Cache) -> Probe<V> {
        cache.count_uncached();
        if let Err(error) = &self.key {
            tracing::warn!(target: "cachestack", %error, "a key could not be written, the function computes");
        }
        Probe::Uncached
    }
}

/// Calls a sync function.
#[inline]
pub fn call_sync<R, S, H>(
    call: Call<'_>,
    _shape: S,
    _share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    compute: impl FnOnce() -> R,
) -> R
where
    S: Shape<R, Value: CacheValue>,
    H: Share<R>,
{
    let ttl = call.ttl;
    let (cache, key) = match call.probe::<S::Value>() {
        Probe::Hit(value) => return S::wrap(value),
        Probe::Uncached => return compute(),
        Probe::Miss(cache, key) => (cache, key),
    };
    match cache.look_up_sync::<S::Value>(key, ValueType::of::<S::Value>()) {
        Lookup::Found(value) => S::wrap(value),
        Lookup::Failed(failure) => H::take(&failure).unwrap_or_else(compute),
        Lookup::Compute(duty) => match S::split(duty.run(compute)) {
            Ok(value) => {
                let wanted = keep(&value);
                let kept = Kept { wanted, ttl };
                S::wrap(duty.hand_in_sync(value, kept))
            }
            Err(failure) => {
                duty.fail(H::share(&failure));
                failure
            }
        },
    }
}

/// Calls an async function.
#[inline]
pub async fn call_async<R, S, H, F>(
    call: Call<'_>,
    _shape: S,
    _share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    compute: impl FnOnce() -> F,
) -> R
where
    S: Shape<R, Value: CacheValue>,
    H: Share<R>,
    F: Future<Output = R>,
{
    let ttl = call.ttl;
    let (cache, key) = match call.probe::<S::Value>() {
        Probe::Hit(value) => return S::wrap(value),
        Probe::Uncached => return compute().await,
        Probe::Miss(cache, key) => (cache, key),
    };
    match cache
        .look_up::<S::Value>(key, ValueType::of::<S::Value>())
        .await
    {
        Lookup::Found(value) => S::wrap(value),
        Lookup::Failed(failure) => match H::take(&failure) {
            Some(failure) => failure,
            None => compute().await,
        },
        Lookup::Compute(duty) => {
            let computed = {
                let computing = pin!(duty.run(compute));
                duty.drive(computing).await
            };
            match S::split(computed) {
                Ok(value) => {
                    let wanted = keep(&value);
                    let kept = Kept { wanted, ttl };
                    S::wrap(duty.hand_in(value, kept).await)
                }
                Err(failure) => {
                    duty.fail(H::share(&failure));
                    failure
                }
            }
        }
    }
}
