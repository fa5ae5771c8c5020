//! What the answers of a cache come to for a function, and what becomes of what it computed.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{AnyValue, ValueType};
use tokio::sync::oneshot;

use super::compute::Compute;
use super::form::FormOf;
use super::lifetime::Lifetime;
use super::missed::{Apart, Missed};
use super::shape::Shape;
use super::share::Share;
use crate::cache::{Age, Aged, Duty, Kept, Lookup, Wish};
use crate::events::Outcome;

/// What a look-up means to a function.
pub(super) enum Answer<'a, R> {
    Returned(R),
    /// The same, and it is time to compute it anew.
    Aged(R),
    /// There is something that is not its answer: it computes, and keeps that to itself.
    Elsewhere,
    Compute(Duty<'a>),
}

pub(super) fn answered<'a, R, S, H>(
    missed: &Missed,
    form: FormOf<R, S>,
    answer: Lookup<'a>,
    share: &H,
) -> Answer<'a, R>
where
    S: Shape<R>,
    H: Share<R>,
{
    let of = |value: &AnyValue| (form.load)(value).map(S::wrap);
    let returned = match answer {
        Lookup::Found(value, layer) => of(&value).inspect(|_| missed.tell_aged(Age::Fresh, layer)),
        Lookup::Shared(value) => of(&value).inspect(|_| missed.tell(Outcome::Coalesced)),
        Lookup::Failed(failure) => {
            let returned = share.take(&failure);
            returned.inspect(|_| missed.tell(Outcome::Coalesced))
        }
        Lookup::Old(old) => of(&old.value).inspect(|_| missed.tell_aged(old.age, old.layer)),
        Lookup::Aged(aged) => {
            if let Some(returned) = of(&aged.value) {
                missed.tell_aged(aged.age, aged.layer);
                return Answer::Aged(returned);
            }
            None
        }
        Lookup::Compute(duty) => return Answer::Compute(duty),
    };
    returned.map_or(Answer::Elsewhere, Answer::Returned)
}

/// Has a new value computed apart from the call, unless that is under way or there is no room for it.
pub(super) fn refresh<R, H, C: Compute<H, R>>(missed: &Missed, compute: C) {
    match missed.cache.ticket(missed.key.digest()) {
        Ok(ticket) => {
            missed.cache.count_revalidated();
            missed.origin.counters.revalidated.one_more();
            compute.start(ticket, |_| ());
        }
        Err(refusal) => missed.cache.count_refusal(refusal),
    }
}

/// Has the value computed apart, and waits for it so long as an old one is better. What waits is apart from the futures
/// of functions, which are to stay small: they call each other.
pub(super) fn wait_apart<'a, R, S, H, C>(
    missed: &'a Missed,
    form: FormOf<R, S>,
    compute: C,
    apart: Apart<S::Value>,
) -> Pin<Box<impl Future<Output = R> + use<'a, R, S, H, C>>>
where
    S: Shape<R>,
    C: Compute<H, R>,
{
    let Apart { time, ticket, old } = apart;
    let (sender, receiver) = oneshot::channel();
    let done = move |returned: R| {
        let value = S::split(returned).ok();
        // Nobody listens any more when the caller has gone on with the old one.
        drop(sender.send(value.map(|value| (form.erase)((form.keep)(value)))));
    };
    compute.start(ticket, done);
    Box::pin(async move {
        let computed = missed.cache.within(time, pin!(receiver)).await;
        in_time_or_old::<R, S>(missed, form, computed, old)
    })
}

/// What was computed apart, where it came in time: the value, or nothing where that failed.
type Apartly = Option<Result<Option<AnyValue>, oneshot::error::RecvError>>;

/// The new value where it came in time, else the old one.
pub(super) fn in_time_or_old<R, S: Shape<R>>(
    missed: &Missed,
    form: FormOf<R, S>,
    computed: Apartly,
    old: Aged<S::Value>,
) -> R {
    if computed.is_none() {
        missed.origin.counters.timeouts.one_more();
    }
    let value = computed.and_then(Result::ok).flatten();
    match value.and_then(|value| (form.load)(&value)) {
        Some(value) => {
            missed.tell(Outcome::Coalesced);
            S::wrap(value)
        }
        None => served::<R, S>(missed, old),
    }
}

/// The old value in the place of a failure.
pub(super) fn old_instead<R, S: Shape<R>>(
    missed: &Missed,
    form: FormOf<R, S>,
    old: Option<Aged>,
) -> Option<R> {
    let old = old?.load(form.load)?;
    Some(served::<R, S>(missed, old))
}

/// An old value, which is told.
pub(super) fn served<R, S: Shape<R>>(missed: &Missed, old: Aged<S::Value>) -> R {
    missed.tell_aged(old.age, old.layer);
    S::wrap(old.value)
}

/// What is to be done with what a computation returned.
pub(super) enum Settled<R, T> {
    Kept { value: Arc<T>, kept: Kept },
    Failed { returned: R, failure: Failed },
}

/// A failure, as it may be told to others.
pub(super) struct Failed {
    shared: Option<AnyValue>,
    ttl: Option<Duration>,
}

pub(super) fn settle<R, S, H>(
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
            let kept = Kept::of(keep(&value), || lifetime.of(&value));
            Settled::Kept {
                value: (form.keep)(value),
                kept,
            }
        }
        Err(returned) => {
            let (shared, ttl) = (share.share(&returned), share.ttl(&returned));
            Settled::Failed {
                returned,
                failure: Failed { shared, ttl },
            }
        }
    }
}

/// Tells those who wait that the computation failed, and keeps the failure if it is to be. Gives the old value that
/// is to be served instead.
pub(super) async fn fail(
    duty: Duty<'_>,
    failure: Failed,
    error_type: Option<&'static ValueType>,
    wish: Wish,
) -> Option<Aged> {
    // What a refresh would have replaced, or what is there still, is better than its failure.
    let ttl = failure
        .ttl
        .filter(|_| wish != Wish::New && duty.old().is_none());
    match (failure.shared, error_type, ttl) {
        (Some(failure), Some(error_type), Some(ttl)) if !ttl.is_zero() => {
            duty.fail_for(failure, error_type, ttl).await;
            None
        }
        // Who asked for a newer one has the old one.
        (failure, _, _) => duty.fail(failure).filter(|_| wish != Wish::Newer),
    }
}

/// The same for sync code. On its own, so that what it needs is off the stack when others compute.
#[inline(never)]
pub(super) fn fail_sync(
    duty: Duty<'_>,
    failure: Failed,
    error_type: Option<&'static ValueType>,
    wish: Wish,
) -> Option<Aged> {
    block_on(fail(duty, failure, error_type, wish))
}
