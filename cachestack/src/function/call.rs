//! A call of a cached function: look up, else compute, once a key.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{AnyValue, ValueType};

use super::form::FormOf;
use super::lifetime::Lifetime;
use super::probe::{Call, Found, Probed};
use super::shape::Shape;
use super::share::Share;
use crate::cache::{Duty, Kept, Lookup};

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
pub fn call_async<R, S, H, K, L, C, F>(
    call: Call<'_>,
    shape: S,
    form: FormOf<R, S>,
    share: H,
    keep: K,
    lifetime: L,
    compute: C,
) -> impl Future<Output = R> + use<R, S, H, K, L, C, F>
where
    S: Shape<R>,
    H: Share<R>,
    K: FnOnce(&S::Value) -> bool,
    L: Lifetime<S::Value>,
    C: FnOnce() -> F,
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
        origin,
        tags,
        found,
    } = probed;
    let (cache, key, new) = match found {
        Found::Hit(value) => return S::wrap(value),
        Found::Failed(failure) => return share.take(&failure).unwrap_or_else(compute),
        Found::Uncached => return compute(),
        Found::Miss(cache, key) => (cache, key, false),
        Found::Refresh(cache, key) => (cache, key, true),
    };
    let answer = cache.begin_sync(Some(origin), key, form.value_type, &tags.on, new);
    let duty = match answered::<R, S, H>(form, answer, &share) {
        Answer::Returned(returned) => return returned,
        Answer::Compute(duty) => duty,
    };
    match settle::<R, S, H>(form, duty.run(compute), keep, lifetime, &share) {
        Settled::Kept { value, kept } => {
            duty.hand_in_sync((form.erase)(Arc::clone(&value)), kept);
            S::wrap((form.release)(value))
        }
        Settled::Failed {
            returned,
            failure,
            ttl,
        } => {
            // What a refresh would have replaced is better than its failure.
            let ttl = ttl.filter(|_| !new);
            fail_sync(duty, failure, share.error_type(), ttl);
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
        origin,
        tags,
        found,
    } = probed;
    let (cache, key, new) = match found {
        Found::Hit(value) => return S::wrap(value),
        Found::Failed(failure) => match share.take(&failure) {
            Some(returned) => return returned,
            None => return compute().await,
        },
        Found::Uncached => return compute().await,
        Found::Miss(cache, key) => (cache, key, false),
        Found::Refresh(cache, key) => (cache, key, true),
    };
    let answer = cache
        .begin_apart(Some(origin), key, form.value_type, &tags.on, new)
        .await;
    let duty = match answered::<R, S, H>(form, answer, &share) {
        Answer::Returned(returned) => return returned,
        Answer::Compute(duty) => duty,
    };
    let computed = {
        let computing = pin!(duty.run(compute));
        duty.drive(computing).await
    };
    match settle::<R, S, H>(form, computed, keep, lifetime, &share) {
        Settled::Kept { value, kept } => {
            duty.hand_in_apart((form.erase)(Arc::clone(&value)), kept)
                .await;
            S::wrap((form.release)(value))
        }
        Settled::Failed {
            returned,
            failure,
            ttl,
        } => {
            let error_type = share.error_type();
            let ttl = ttl.filter(|_| !new);
            fail(duty, failure, error_type, ttl).await;
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
        origin,
        tags,
        found,
    } = probed;
    match found {
        Found::Hit(value) => Started::Hit(value),
        found => Started::Started(
            Probed {
                origin,
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
    Compute(Duty<'a>),
}

fn answered<'a, R, S, H>(form: FormOf<R, S>, answer: Lookup<'a>, share: &H) -> Answer<'a, R>
where
    S: Shape<R>,
    H: Share<R>,
{
    let (returned, duty) = match answer {
        Lookup::Found(value, duty) => ((form.load)(&value).map(S::wrap), duty),
        Lookup::Failed(failure, duty) => (share.take(&failure), duty),
        Lookup::Compute(duty) => return Answer::Compute(duty),
    };
    match returned {
        Some(returned) => {
            duty.is_answered();
            Answer::Returned(returned)
        }
        None => Answer::Compute(duty.computes_apart()),
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
        ttl: Option<Duration>,
    },
}

fn settle<R, S, H>(
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
            Settled::Kept {
                value: (form.keep)(value),
                kept,
            }
        }
        Err(returned) => {
            let (failure, ttl) = (share.share(&returned), share.ttl(&returned));
            Settled::Failed {
                returned,
                failure,
                ttl,
            }
        }
    }
}

/// Tells those who wait that the computation failed, and keeps the failure if it is to be.
async fn fail(
    duty: Duty<'_>,
    failure: Option<AnyValue>,
    error_type: Option<&'static ValueType>,
    ttl: Option<Duration>,
) {
    match (failure, error_type, ttl) {
        (Some(failure), Some(error_type), Some(ttl)) if !ttl.is_zero() => {
            Box::pin(duty.fail_for(failure, error_type, ttl)).await;
        }
        (failure, _, _) => duty.fail(failure),
    }
}

/// The same for sync code. On its own, so that what it needs is off the stack when others compute.
#[inline(never)]
fn fail_sync(
    duty: Duty<'_>,
    failure: Option<AnyValue>,
    error_type: Option<&'static ValueType>,
    ttl: Option<Duration>,
) {
    block_on(fail(duty, failure, error_type, ttl));
}
