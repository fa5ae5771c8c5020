//! A cache of one key: a store in memory, a slower one below it, and calls that go their ways as a function's do.

use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backends::Clock;
use shuttle::sync::Mutex;

use crate::Watch;
use crate::fence::Fence;
use crate::flight::{Flights, Landed, Lead, Lease, Role};
use crate::key::KeyDigest;

pub(crate) const KEY: KeyDigest = KeyDigest(7);
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// How a computation ends.
pub(crate) enum Computed {
    Value(u64),
    /// Its caller's alone.
    Failure,
    /// The caller is gone, or panicked.
    Gone,
}

/// Clones are one.
#[derive(Clone)]
pub(crate) struct Stage(Arc<Inner>);

struct Inner {
    fence: Fence,
    flights: Flights,
    clock: Clock,
    memory: Mutex<Option<u64>>,
    below: Mutex<Option<u64>>,
    /// What a computation reads: it begins anew with each run of the checker, as everything here.
    version: Mutex<u64>,
    begun: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            fence: Fence::new(),
            flights: Flights::default(),
            clock: Clock::manual(),
            memory: Mutex::new(None),
            below: Mutex::new(None),
            version: Mutex::new(0),
            begun: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
        }))
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn memory(&self) -> Option<u64> {
        *lock(&self.0.memory)
    }

    pub(crate) fn version(&self) -> u64 {
        *lock(&self.0.version)
    }

    /// How many computations have begun.
    pub(crate) fn begun(&self) -> usize {
        self.0.begun.load(Ordering::SeqCst)
    }

    /// How many ran at once at most.
    pub(crate) fn most_running(&self) -> usize {
        self.0.most_running.load(Ordering::SeqCst)
    }

    /// Calls a function that reads the version.
    pub(crate) async fn call(&self) -> u64 {
        let computed = self.call_with(|version| async move { Computed::Value(version) });
        computed.await.unwrap_or_default()
    }

    /// Calls a function that does something else with it; none when that came to no value.
    pub(crate) async fn call_with<F: Future<Output = Computed>>(
        &self,
        compute: impl FnOnce(u64) -> F,
    ) -> Option<u64> {
        if let Some(value) = self.memory() {
            return Some(value);
        }
        let inner = &*self.0;
        let token = inner.fence.token(KEY);
        let lease = Lease::new(&inner.clock, LEASE);
        let joined = inner
            .flights
            .join(KEY, token.epoch(), TypeId::of::<u64>(), lease, || Watch);
        let mut lead = match joined.await {
            Role::Take(Landed::Value(value)) => return value.downcast_ref().copied(),
            Role::Take(Landed::Old(_) | Landed::Failure(_)) => return None,
            Role::Lead(lead) => lead,
        };
        let below = *lock(&inner.below);
        if let Some(value) = below {
            token.copy(|| *lock(&inner.memory) = Some(value));
            lead.land(Landed::Value(Arc::new(value)));
            return Some(value);
        }
        if let Some(value) = self.memory() {
            lead.land(Landed::Value(Arc::new(value)));
            return Some(value);
        }
        let value = match self.compute(&lead, compute).await {
            Computed::Value(value) => value,
            Computed::Failure => {
                lead.fail();
                return None;
            }
            Computed::Gone => return None,
        };
        lead.land(Landed::Value(Arc::new(value)));
        token.commit(|| *lock(&inner.memory) = Some(value));
        // The token goes last.
        drop(lead);
        drop(token);
        Some(value)
    }

    async fn compute<F: Future<Output = Computed>>(
        &self,
        lead: &Lead<'_>,
        compute: impl FnOnce(u64) -> F,
    ) -> Computed {
        struct Running<'a>(&'a AtomicUsize);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }

        let inner = &*self.0;
        inner.begun.fetch_add(1, Ordering::SeqCst);
        let running = inner.running.fetch_add(1, Ordering::SeqCst) + 1;
        inner.most_running.fetch_max(running, Ordering::SeqCst);
        let _running = Running(&inner.running);
        let mut computing = Box::pin(compute(self.version()));
        std::future::poll_fn(|context| {
            let _mark = lead.mark();
            computing.as_mut().poll(context)
        })
        .await
    }

    /// Puts a value into the lower store alone.
    pub(crate) fn put_below(&self, value: u64) {
        *lock(&self.0.below) = Some(value);
    }

    /// A mutation and the invalidation after it; what is read from now on is not older than this.
    pub(crate) fn renew(&self) -> u64 {
        let version = {
            let mut version = lock(&self.0.version);
            *version += 1;
            *version
        };
        self.invalidate();
        version
    }

    /// As a stack deletes: memory and the fence in one step, the lower store, and the first step once more.
    pub(crate) fn invalidate(&self) {
        let inner = &*self.0;
        inner.fence.advance(KEY, || *lock(&inner.memory) = None);
        *lock(&inner.below) = None;
        inner.fence.advance(KEY, || *lock(&inner.memory) = None);
    }

    /// The same for all keys.
    pub(crate) fn clear(&self) {
        let inner = &*self.0;
        inner.fence.advance_all(|| *lock(&inner.memory) = None);
        *lock(&inner.below) = None;
        inner.fence.advance_all(|| *lock(&inner.memory) = None);
    }

    /// Nothing is in flight, and nobody is watched.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.0.flights.len() == 0 && self.0.fence.watched() == 0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> shuttle::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
