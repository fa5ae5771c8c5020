//! A call of a cached function: look up, else compute, once a key.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use cachestack_backends::runtime::{block_on, blocking};

use super::answer::{
    Answer, Settled, answered, fail, fail_sync, in_time_or_old, old_instead, refresh, served,
    settle, wait_apart,
};
use super::compute::{Compute, Here};
use super::form::FormOf;
use super::lifetime::Lifetime;
use super::look::{Found, Probed};
use super::missed::Missed;
use super::shape::Shape;
use super::share::Share;
use crate::cache::{Beginning, Duty};
use crate::events::Outcome;

/// What the function returns for a value.
#[inline]
pub fn wrap<R, S: Shape<R>>(value: S::Value, _: S) -> R {
    S::wrap(value)
}

/// Runs the rest of a call in a frame of its own, so that a hit makes no room for it.
#[inline(never)]
pub fn beyond_hit<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// Goes on with a sync call where the probe ended.
#[inline]
pub fn finish_sync<R, S, H>(
    probed: Probed<S::Value>,
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
    finish_sync_either(probed, shape, form, share, keep, lifetime, Here(compute))
}

/// Goes on with an async call where the probe ended.
#[inline]
pub fn finish_async<R, S, H, K, L, C, F>(
    probed: Probed<S::Value>,
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
    finish_async_either(probed, shape, form, share, keep, lifetime, Here(compute))
}

/// Goes on with a sync call, of which a refresh may run apart.
pub fn finish_sync_either<R, S, H, C>(
    probed: Probed<S::Value>,
    _: S,
    form: FormOf<R, S>,
    share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    lifetime: impl Lifetime<S::Value>,
    compute: C,
) -> R
where
    S: Shape<R>,
    H: Share<R>,
    C: Compute<R, R>,
{
    let missed = match probed.0 {
        Found::Hit(value) => return S::wrap(value),
        Found::Failed(failure) => return share.take(&failure).unwrap_or_else(|| compute.here()),
        Found::Uncached(_) => return compute.here(),
        Found::Miss(missed) => missed,
        Found::Aged(value, missed) if C::GOES_APART => {
            missed.tell_served(Some(0));
            refresh::<R, _, _>(&missed, compute);
            return S::wrap(value);
        }
        Found::Aged(_, missed) => missed,
    };
    match begin_sync::<R, S, H, C>(&missed, form, &share, compute) {
        Step::Return(returned) => returned,
        Step::Here(compute) => {
            let returned = compute.here();
            missed.tell(Outcome::Computed);
            returned
        }
        Step::Compute(duty, compute) => {
            let returned = duty.run(|| compute.here());
            let settled = settle::<R, S, H>(form, returned, keep, lifetime, &share);
            end_sync::<R, S, H>(&missed, form, &share, duty, settled)
        }
    }
}

/// What a call is to do that its cache could not answer at once.
enum Step<'a, R, C> {
    Return(R),
    /// Compute, and keep that to itself.
    Here(C),
    Compute(Duty<'a>, C),
}

/// Looks up, or waits for another's computation. On its own, so that what it needs is off the stack when the function
/// computes.
#[inline(never)]
fn begin_sync<'a, R, S, H, C>(
    missed: &'a Missed,
    form: FormOf<R, S>,
    share: &H,
    compute: C,
) -> Step<'a, R, C>
where
    S: Shape<R>,
    H: Share<R>,
    C: Compute<R, R>,
{
    let wait = |apart, compute| {
        let waiting = wait_apart::<R, S, _, _>(missed, form, compute, apart);
        Step::Return(block_on(waiting))
    };
    if let Some(apart) = missed.apart(C::GOES_APART, form.load, missed.old()) {
        return wait(apart, compute);
    }
    let ask = missed.ask(form.value_type, C::GOES_APART);
    // Who would wait for this thread is to know that it waits itself.
    let answer = match blocking(|| missed.cache.begin(ask)) {
        Beginning::Done(answer) => answer,
        Beginning::Waits(looking) => block_on(looking),
    };
    let mut duty = match answered::<R, S, H>(missed, form, answer, share) {
        Answer::Returned(returned) => return Step::Return(returned),
        Answer::Aged(returned) => {
            refresh::<R, _, _>(missed, compute);
            return Step::Return(returned);
        }
        Answer::Elsewhere => return Step::Here(compute),
        Answer::Compute(duty) => duty,
    };
    if let Some(apart) = missed.apart(C::GOES_APART, form.load, duty.old()) {
        drop(duty);
        return wait(apart, compute);
    }
    if let (true, Some((_, old))) = (C::GOES_APART, missed.limit(form.load, duty.old())) {
        // It is under way already, or there is no room for it, and sync code cannot stop waiting.
        drop(duty);
        return Step::Return(served::<R, S>(missed, old));
    }
    duty.computes();
    Step::Compute(duty, compute)
}

/// Hands in what was computed.
#[inline(never)]
fn end_sync<R, S, H>(
    missed: &Missed,
    form: FormOf<R, S>,
    share: &H,
    duty: Duty<'_>,
    settled: Settled<R, S::Stored>,
) -> R
where
    S: Shape<R>,
    H: Share<R>,
{
    match settled {
        Settled::Kept { value, kept } => {
            let storing = duty.hand_in((form.erase)(Arc::clone(&value)), kept);
            if let Some(storing) = storing {
                block_on(storing);
            }
            S::wrap((form.release)(value))
        }
        Settled::Failed { returned, failure } => {
            let old = fail_sync(duty, failure, share.error_type(), missed.wish);
            old_instead::<R, S>(missed, form, old).unwrap_or(returned)
        }
    }
}

/// Goes on with an async call, of which a refresh may run apart.
pub async fn finish_async_either<R, S, H, F, C>(
    probed: Probed<S::Value>,
    _: S,
    form: FormOf<R, S>,
    share: H,
    keep: impl FnOnce(&S::Value) -> bool,
    lifetime: impl Lifetime<S::Value>,
    compute: C,
) -> R
where
    S: Shape<R>,
    H: Share<R>,
    F: Future<Output = R>,
    C: Compute<F, R>,
{
    let missed = match probed.0 {
        Found::Hit(value) => return S::wrap(value),
        Found::Failed(failure) => match share.take(&failure) {
            Some(returned) => return returned,
            None => return compute.here().await,
        },
        Found::Uncached(_) => return compute.here().await,
        Found::Miss(missed) => missed,
        Found::Aged(value, missed) if C::GOES_APART => {
            missed.tell_served(Some(0));
            refresh::<R, _, _>(&missed, compute);
            return S::wrap(value);
        }
        Found::Aged(_, missed) => missed,
    };
    if let Some(apart) = missed.apart(C::GOES_APART, form.load, missed.old()) {
        return wait_apart::<R, S, _, _>(&missed, form, compute, apart).await;
    }
    let ask = missed.ask(form.value_type, C::GOES_APART);
    let answer = match missed.cache.begin(ask) {
        Beginning::Done(answer) => answer,
        Beginning::Waits(looking) => looking.await,
    };
    let mut duty = match answered::<R, S, H>(&missed, form, answer, &share) {
        Answer::Returned(returned) => return returned,
        Answer::Aged(returned) => {
            refresh::<R, _, _>(&missed, compute);
            return returned;
        }
        Answer::Elsewhere => {
            let returned = compute.here().await;
            missed.tell(Outcome::Computed);
            return returned;
        }
        Answer::Compute(duty) => duty,
    };
    if let Some(apart) = missed.apart(C::GOES_APART, form.load, duty.old()) {
        drop(duty);
        return wait_apart::<R, S, _, _>(&missed, form, compute, apart).await;
    }
    duty.computes();
    let computed = {
        let computing = pin!(duty.run(|| compute.here()));
        let driven = pin!(duty.drive(computing));
        match missed.limit(form.load, duty.old()) {
            None => Ok(driven.await),
            Some((time, old)) => {
                // Apart, so that the futures of functions stay small: they call each other.
                let computed = async { missed.cache.within(time, driven).await.ok_or(old) };
                Box::pin(computed).await
            }
        }
    };
    let computed = match computed {
        Ok(computed) => computed,
        Err(old) => {
            // It is for the next to compute.
            drop(duty);
            return in_time_or_old::<R, S>(&missed, form, None, old);
        }
    };
    match settle::<R, S, H>(form, computed, keep, lifetime, &share) {
        Settled::Kept { value, kept } => {
            let storing = duty.hand_in((form.erase)(Arc::clone(&value)), kept);
            if let Some(storing) = storing {
                storing.await;
            }
            S::wrap((form.release)(value))
        }
        Settled::Failed { returned, failure } => {
            let error_type = share.error_type();
            // Apart for the same reason.
            let failing = Box::pin(fail(duty, failure, error_type, missed.wish));
            let old = failing.await;
            old_instead::<R, S>(&missed, form, old).unwrap_or(returned)
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
    match probed.0 {
        Found::Hit(value) => Started::Hit(value),
        found => Started::Started(Probed(found), compute()),
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
