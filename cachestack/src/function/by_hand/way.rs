//! How a call by hand runs what it computes: in its caller's place, or apart from it.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{Dependency, Key};
use smallvec::SmallVec;

use super::by_hand_origin;
use crate::cache::{Cache, InBackground, InPlace, InTime, Policy, Ticket, Timeout, Wish};
use crate::function::call::{finish_async, finish_sync};
use crate::function::compute::{Compute, job, task};
use crate::function::form::Keeps;
use crate::function::limit::FailsLate;
use crate::function::look::{Found, Probed};
use crate::function::missed::Missed;
use crate::function::share::Unshared;

/// What a call by hand computes, and the call itself where that can go apart. The way it goes is part of the type and
/// not a type of its own: what a future holds must not depend on how the closure and its future go together, or no
/// task could be spawned with it.
pub(super) struct ByHand<C, S, W> {
    call: Option<Renewal>,
    compute: C,
    shape: S,
    way: PhantomData<fn() -> W>,
}

impl<C, S, W> ByHand<C, S, W> {
    pub(super) fn new(call: Option<Renewal>, compute: C, shape: S) -> Self {
        Self {
            call,
            compute,
            shape,
            way: PhantomData,
        }
    }
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
pub(super) struct ByHandSync<C, S, W>(pub(super) ByHand<C, S, W>);

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

/// How [`Cache::get_or_compute`] runs a computation, told by the type of its [`EntryOptions`](crate::EntryOptions).
#[diagnostic::on_unimplemented(
    message = "this computation cannot be run as its options want",
    label = "what runs in the background must be `Send + 'static`",
    note = "`stale_while_revalidate`, `refresh_ahead` and `timeout` want what owns all it needs: `move` clones into it; \
            `hard_timeout` wants a `Result` whose error implements `From<cachestack::Timeout>`"
)]
pub trait Way<C, F: Future> {
    #[doc(hidden)]
    const GOES_APART: bool = false;

    #[doc(hidden)]
    fn start<S: Kept<F::Output>>(
        _call: Renewal,
        _compute: C,
        _shape: S,
        _ticket: Ticket,
        _done: impl FnOnce(F::Output) + Send + 'static,
    ) {
    }

    #[doc(hidden)]
    fn late() -> Option<fn(Timeout) -> F::Output> {
        None
    }
}

impl<C: FnOnce() -> F, F: Future> Way<C, F> for InPlace {}

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
/// its [`EntryOptions`](crate::EntryOptions).
#[diagnostic::on_unimplemented(
    message = "this computation cannot be run as its options want",
    label = "what runs in the background must be `Send + 'static`",
    note = "`stale_while_revalidate`, `refresh_ahead` and `timeout` want what owns all it needs: `move` clones into it; \
            `hard_timeout` is for async code, as sync code cannot be stopped"
)]
pub trait BlockingWay<C, R> {
    #[doc(hidden)]
    const GOES_APART: bool = false;

    #[doc(hidden)]
    fn start<S: Kept<R>>(
        _call: Renewal,
        _compute: C,
        _shape: S,
        _ticket: Ticket,
        _done: impl FnOnce(R) + Send + 'static,
    ) {
    }
}

impl<C: FnOnce() -> R, R> BlockingWay<C, R> for InPlace {}

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

impl<V> Probed<V> {
    /// The same call again, apart from this one. Of one that is answered already it is never used.
    pub(super) fn renewal(&self, cache: &Cache, key: &str, ttl: Option<Duration>) -> Renewal {
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
