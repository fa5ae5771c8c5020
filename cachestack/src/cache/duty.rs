//! The duty to compute a value and to hand it in.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{AnyValue, Entry, Key, Moment, Passage, ValueType};

use super::Cache;
use super::compute::landed_old;
use super::freshness::{Aged, Policy};
use crate::events::{Account, Outcome, warn_failed};
use crate::flight::{Landed, Lead};

/// How a computed value is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) wanted: bool,
    pub(crate) ttl: Option<Duration>,
}

impl Kept {
    /// Whether anything is stored.
    pub(crate) fn stores(&self) -> bool {
        self.wanted && self.ttl != Some(Duration::ZERO)
    }
}

/// The duty to compute a value and to hand it in. Dropped instead, it passes to one of those who wait.
pub(crate) struct Duty<'a> {
    pub(super) cache: &'a Cache,
    pub(super) value_type: &'static ValueType,
    pub(super) key: Key,
    pub(super) lead: Option<Lead<'a>>,
    /// Behind the lead, which ends while the passage still holds. In a box, as it is large and the duty is handed on
    /// several times.
    pub(super) way: Box<Way>,
    policy: Option<Arc<Policy>>,
    /// What there is meanwhile, which may be served still.
    pub(super) old: Option<Box<Entry>>,
}

/// What goes with the duty all the way.
pub(super) struct Way {
    /// None where the cache takes no part any more.
    pub(super) passage: Option<Passage>,
    pub(super) account: Account,
}

impl<'a> Duty<'a> {
    pub(super) fn new(
        cache: &'a Cache,
        key: Key,
        value_type: &'static ValueType,
        policy: Option<Arc<Policy>>,
    ) -> Self {
        Self {
            cache,
            value_type,
            key,
            lead: None,
            way: Box::new(Way {
                passage: None,
                account: Account::of(None, false),
            }),
            policy,
            old: None,
        }
    }

    /// The caller computes now.
    pub(crate) fn computes(&mut self) {
        self.way.account.computes(self.cache);
    }

    /// The old value, where it may be served in the place of one that is not to be had.
    pub(crate) fn old(&self) -> Option<Aged> {
        let (entry, policy) = (self.old.as_ref()?, Policy::of(&self.policy));
        let layer = self.way.passage.as_ref().and_then(Passage::found_in);
        policy.served(entry, self.cache.0.stack.clock().now(), layer)
    }

    /// [`hand_in`](Self::hand_in) apart from its caller's future.
    #[inline(never)]
    pub(crate) fn hand_in_apart(
        self,
        value: AnyValue,
        kept: Kept,
    ) -> Pin<Box<impl Future<Output = ()> + use<'a>>> {
        Box::pin(self.hand_in(value, kept))
    }

    /// Runs what computes. A call from there that would wait for it computes too.
    pub(crate) fn run<R>(&self, compute: impl FnOnce() -> R) -> R {
        let _mark = self.lead.as_ref().map(Lead::mark);
        compute()
    }

    /// The same for a future, which is marked while it is polled.
    pub(crate) async fn drive<F: Future>(&self, mut future: Pin<&mut F>) -> F::Output {
        let mut thread = self.lead.as_ref().map(Lead::began_on);
        poll_fn(|context| {
            if let Some(lead) = &self.lead {
                let here = thread::current().id();
                if thread.replace(here) != Some(here) {
                    lead.moved();
                }
            }
            self.run(|| future.as_mut().poll(context))
        })
        .await
    }

    /// Gives the value to all who wait, and stores it if it is to be kept. An invalidation that came meanwhile
    /// keeps it out of every store.
    pub(crate) async fn hand_in(mut self, value: AnyValue, kept: Kept) {
        let ended = self.cache.0.stack.clock().now();
        if self.way.passage.is_none() {
            return self.ends(false, ended, None);
        }
        self.land(Landed::Value(Arc::clone(&value)));
        let unstored = match kept.stores() {
            true => {
                self.cache.0.throttle.free(self.key.digest());
                let entry = self.entry(
                    value,
                    self.value_type,
                    self.policy.as_ref(),
                    kept.ttl,
                    ended,
                );
                self.store(entry).await
            }
            false => {
                if self.old.is_some() {
                    // The next would find the same.
                    self.cache.hold_off(self.key.digest());
                }
                Some(Outcome::Refused)
            }
        };
        self.ends(false, ended, unstored);
    }

    /// Tells what became of the call, when nobody waits for it any more.
    fn ends(&mut self, has_failed: bool, ended: Moment, unstored: Option<Outcome>) {
        drop(self.lead.take());
        let (account, served) = (&self.way.account, self.old.is_some());
        account.ended(self.cache, &self.key, (has_failed, served), ended, unstored);
    }

    /// The same for sync code.
    #[inline(never)]
    pub(crate) fn hand_in_sync(self, value: AnyValue, kept: Kept) {
        block_on(self.hand_in(value, kept));
    }

    fn entry(
        &self,
        value: AnyValue,
        value_type: &'static ValueType,
        policy: Option<&Arc<Policy>>,
        ttl: Option<Duration>,
        now: Moment,
    ) -> Entry {
        let entry = Entry::from_any(value, value_type, now);
        self.cache.timed(entry, now, ttl, policy)
    }

    /// Says why the value was not stored, where it was to be.
    async fn store(&self, entry: Entry) -> Option<Outcome> {
        // The passage stays where it is: dropped in here, the lead must still go before it.
        let passage = self.way.passage.as_ref()?;
        match self.cache.0.stack.store(&self.key, entry, passage).await {
            Ok(true) => None,
            Ok(false) => Some(Outcome::Fenced),
            Err(error) => {
                warn_failed("store", &error);
                Some(Outcome::FailedOpen)
            }
        }
    }

    /// The computation failed. Where there is an old value, it is given back and those who wait get it too; else
    /// they get a failure that can be shared, or compute.
    pub(crate) fn fail(mut self, shared: Option<AnyValue>) -> Option<Aged> {
        let ended = self.cache.0.stack.clock().now();
        if self.old.is_some() {
            self.cache.hold_off(self.key.digest());
        }
        if let Some(old) = self.old() {
            self.leave_old();
            self.ends(true, ended, None);
            return Some(old);
        }
        match shared {
            Some(failure) => self.land(Landed::Failure(failure)),
            None => {
                if let Some(lead) = self.lead.take() {
                    lead.fail();
                }
            }
        }
        self.old = None;
        self.ends(true, ended, None);
        None
    }

    /// The computation failed; those who wait get the failure, and memory keeps it for so long.
    pub(crate) async fn fail_for(
        mut self,
        failure: AnyValue,
        error_type: &'static ValueType,
        ttl: Duration,
    ) {
        let ended = self.cache.0.stack.clock().now();
        self.land(Landed::Failure(Arc::clone(&failure)));
        let entry = self.entry(failure, error_type, None, Some(ttl), ended);
        let unstored = self.store(entry).await;
        self.old = None;
        self.ends(true, ended, unstored);
    }

    /// Leaves the old value to those who wait now; who comes later begins anew.
    fn leave_old(&mut self) {
        let old = self.old.as_ref().filter(|entry| !entry.is_outdated());
        if let (Some(entry), Some(lead)) = (old, self.lead.take()) {
            lead.land_last(landed_old(entry));
        }
    }

    pub(super) fn land(&mut self, landed: Landed) {
        if let Some(lead) = &mut self.lead {
            lead.land(landed);
        }
    }
}
