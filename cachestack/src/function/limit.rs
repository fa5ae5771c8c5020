//! How long a call takes at most.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{Clock, Key};

use super::form::FormOf;
use super::look::{Found, Probed};
use super::missed::Missed;
use super::shape::{Shape, Tag};
use crate::cache::{Age, Cache, Policy, Timeout, within};
use crate::events::{Origin, Outcome};

/// What bounds a call.
pub struct Limit {
    origin: Origin,
    time: Duration,
    clock: Clock,
    /// Where an old value may be.
    place: Option<(Cache, Key, Option<Arc<Policy>>)>,
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limit({:?})", self.time)
    }
}

impl<V> Probed<V> {
    /// What bounds the call from here on: nothing where it has its answer.
    pub fn limit(&self) -> Option<Limit> {
        let of = |missed: &Missed| {
            let cache = missed.cache.clone();
            Some(Limit {
                origin: missed.origin,
                time: Policy::of(&missed.policy).hard_timeout?,
                clock: cache.stack().clock().clone(),
                place: Some((cache, missed.key.clone(), missed.policy.clone())),
            })
        };
        match &self.0 {
            Found::Hit(_) | Found::Failed(_) => None,
            Found::Miss(missed) | Found::Aged(_, missed) => of(missed),
            Found::Uncached(bound) => bound.as_ref().map(|bound| Limit {
                origin: bound.origin,
                time: bound.time,
                clock: Clock::system(),
                place: None,
            }),
        }
    }
}

/// How a function tells that a call took too long.
///
/// It is a way whatever the return type is: what that lacks is told once, where this is made.
#[derive(Debug)]
pub struct Late<R>(fn(Timeout) -> R);

/// How a function of that return type does.
#[inline]
pub fn late_by<R: FailsLate>(_: &Tag<R>) -> Late<R> {
    Late(R::late)
}

/// Ends a call in time: with an old value that may be served still, else with an error.
pub async fn in_time<R, S, F>(
    limit: Option<Limit>,
    Late(late): Late<R>,
    shape: S,
    form: FormOf<R, S>,
    call: F,
) -> R
where
    S: Shape<R>,
    F: Future<Output = R>,
{
    match limit {
        None => call.await,
        Some(limit) => limit.keep(shape, form, call, late).await,
    }
}

impl Limit {
    /// Ends a call in time.
    pub(super) async fn keep<R, S: Shape<R>>(
        self,
        _: S,
        form: FormOf<R, S>,
        call: impl Future<Output = R>,
        late: fn(Timeout) -> R,
    ) -> R {
        let returned = {
            let mut call = pin!(call);
            within(&self.clock, self.time, call.as_mut()).await
        };
        if let Some(returned) = returned {
            return returned;
        }
        // The call is dropped by now: nobody waits for it while others are told.
        match self.old::<R, S>(form) {
            Some(old) => S::wrap(old),
            None => {
                // A call that no cache takes part in was told as that when it began.
                if let Some((cache, key, _)) = &self.place {
                    cache.tell(Some(self.origin), Outcome::TimedOut, Some(key.text()));
                }
                late(Timeout::new(self.time))
            }
        }
    }

    /// What may be served by now, which is told.
    fn old<R, S: Shape<R>>(&self, form: FormOf<R, S>) -> Option<S::Value> {
        let (cache, key, policy) = self.place.as_ref()?;
        let entry = cache.peek(key.digest(), form.value_type)?;
        let age = cache.age(&entry, Policy::of(policy));
        let old = match age {
            Age::Ended => None,
            _ => (form.load)(entry.any()),
        }?;
        cache.tell_found(Some(self.origin), age.outcome(), key.text(), Some(0));
        Some(old)
    }
}

/// A return type that can tell that a call took too long.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell that a call took too long",
    label = "not a `Result` with an error that is made of `cachestack::Timeout`",
    note = "`hard_timeout` is for functions that return a `Result<_, E>` where `E` implements `From<cachestack::Timeout>`; \
            `Box<dyn std::error::Error + Send + Sync>` does"
)]
pub trait FailsLate {
    /// The failure.
    fn late(timeout: Timeout) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Timeout>> FailsLate for Result<T, E> {
    fn late(timeout: Timeout) -> Self {
        Err(timeout.into())
    }
}
