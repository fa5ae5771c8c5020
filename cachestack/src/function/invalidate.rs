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

    async fn invalidate(self) {
        let deleted = match self.0 {
            Ok((cache, _)) if cache.is_closed() => Ok(()),
            Ok((cache, key)) => {
                let deleted = cache.delete_key(&key).await;
                if deleted.is_err() {
                    cache.count_failed_invalidation();
                }
                deleted
            }
            Err(error) => Err(error),
        };
        if let Err(error) = deleted {
            tracing::error!(target: "cachestack", %error, "an invalidation failed");
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
        for one in doomed {
            one.invalidate().await;
        }
    }
    returned
}

/// Runs a sync mutation, and then deletes what it made wrong, unless it failed.
pub fn invalidate_sync<R, S: Shape<R>>(doomed: Vec<Doomed>, _: S, body: impl FnOnce() -> R) -> R {
    let returned = body();
    if !S::is_failure(&returned) {
        for one in doomed {
            block_on(one.invalidate());
        }
    }
    returned
}
