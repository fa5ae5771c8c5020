//! What a mutation does after it succeeded.

use std::future::Future;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{Key, KeyError, KeyText, Result};

use super::call::Call;
use super::entry::place;
use super::shape::Shape;
use super::site::Target;
use crate::cache::Cache;

/// An entry that a mutation makes wrong. Its key is written before the body runs, which may move the
/// arguments.
#[derive(Debug)]
pub struct Doomed(Result<(Cache, Key)>);

impl Doomed {
    pub(super) fn new(place: Result<(Cache, Key)>) -> Self {
        Self(place)
    }

    /// The entry under a key that is written out.
    pub fn at(target: Target<'_>, key: Result<KeyText, KeyError>) -> Self {
        Self(place(target.cache(), key))
    }

    /// The entry of a call.
    pub fn of(call: Call<'_>) -> Self {
        Self::at(call.target, call.key)
    }
}

/// Deletes what is doomed, with one deletion for each cache: once begun, it reaches every key even when the
/// caller's future is dropped.
async fn invalidate(doomed: Vec<Doomed>) {
    let mut by_cache: Vec<(Cache, Vec<Key>)> = Vec::new();
    for Doomed(place) in doomed {
        match place {
            Ok((cache, key)) => match by_cache.iter_mut().find(|(known, _)| known.is(&cache)) {
                Some((_, keys)) => keys.push(key),
                None => by_cache.push((cache, vec![key])),
            },
            Err(error) => {
                tracing::error!(target: "cachestack", %error, "an invalidation has no key");
            }
        }
    }
    for (cache, keys) in by_cache {
        if let Err(error) = cache.delete_keys(&keys).await {
            cache.invalidates_late(&error);
        }
    }
}

/// Runs an async mutation, and then deletes what it made wrong, unless it failed.
pub async fn invalidate_async<R, S: Shape<R>>(
    doomed: Vec<Doomed>,
    _: S,
    body: impl Future<Output = R>,
) -> R {
    let returned = body.await;
    if !S::is_failure(&returned) {
        invalidate(doomed).await;
    }
    returned
}

/// Runs a sync mutation, and then deletes what it made wrong, unless it failed.
pub fn invalidate_sync<R, S: Shape<R>>(doomed: Vec<Doomed>, _: S, body: impl FnOnce() -> R) -> R {
    let returned = body();
    if !S::is_failure(&returned) {
        block_on(invalidate(doomed));
    }
    returned
}
