//! The duty to compute a value and to hand it in.

use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachestack_backends::{AnyValue, Entry, Key, Lookup, Moment, Passage, Result, ValueType};

use super::Cache;
use super::compute::landed_old;
use super::freshness::{Age, Aged, Policy};
use crate::events::{Account, Outcome, warn_failed};
use crate::flight::{Claimed, Landed, Lead, Lease, Role, Wait};

/// How a computed value is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) wanted: bool,
    pub(crate) ttl: Option<Duration>,
}

impl Kept {
    /// If it is kept at all, for so long.
    pub(crate) fn of(wanted: bool, ttl: impl FnOnce() -> Option<Duration>) -> Self {
        let ttl = if wanted { ttl() } else { None };
        Self { wanted, ttl }
    }

    /// Whether anything is stored.
    pub(crate) fn stores(&self) -> bool {
        self.wanted && self.ttl != Some(Duration::ZERO)
    }
}

/// The duty to compute a value and to hand it in. Dropped instead, it passes to one of those who wait.
///
/// In a box, as it is handed on several times.
pub(crate) struct Duty<'a>(Box<Way<'a>>);

/// What goes with the duty all the way.
pub(crate) struct Way<'a> {
    pub(super) cache: &'a Cache,
    pub(super) value_type: &'static ValueType,
    pub(super) key: Key,
    pub(super) lead: Option<Lead<'a>>,
    /// Behind the lead, which ends while the passage still holds; a lead that ends in the middle of a look-up hands over
    /// without. None where the cache takes no part any more.
    pub(super) passage: Option<Passage>,
    pub(super) account: Account,
    /// When it was claimed, where nobody had to wait since: the computation is taken to begin then.
    pub(super) began: Option<Moment>,
    pub(super) policy: Option<Arc<Policy>>,
    /// What there is meanwhile, which may be served still.
    pub(super) old: Option<Box<Entry>>,
}

impl<'a> Deref for Duty<'a> {
    type Target = Way<'a>;

    fn deref(&self) -> &Way<'a> {
        &self.0
    }
}

impl<'a> DerefMut for Duty<'a> {
    fn deref_mut(&mut self) -> &mut Way<'a> {
        &mut self.0
    }
}

impl<'a> Duty<'a> {
    pub(super) fn new(
        cache: &'a Cache,
        key: Key,
        value_type: &'static ValueType,
        policy: Option<Arc<Policy>>,
    ) -> Self {
        Self(Box::new(Way {
            cache,
            value_type,
            key,
            lead: None,
            passage: None,
            account: Account::of(None, false),
            began: None,
            policy,
            old: None,
        }))
    }

    /// The caller computes now.
    pub(crate) fn computes(&mut self) {
        let (cache, began) = (self.cache, self.began);
        self.account.computes(cache, began);
    }

    /// The old value, where it may be served in the place of one that is not to be had.
    pub(crate) fn old(&self) -> Option<Aged> {
        let (entry, policy) = (self.old.as_ref()?, Policy::of(&self.policy));
        let layer = self.passage.as_ref().and_then(Passage::found_in);
        policy.served(entry, self.cache.0.stack.clock().now(), layer)
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

    /// Becomes the leader of its passage, or waits for another.
    pub(super) fn claim(&mut self) -> Option<Wait<'a, 'a>> {
        let (cache, way) = (&*self.cache.0, &mut *self.0);
        let passage = way.passage.as_ref()?;
        let lease = Lease::new(cache.stack.clock(), cache.wait);
        let (key, epoch, of) = (way.key.digest(), passage.epoch(), way.value_type.id());
        let claimed = cache
            .flights
            .claim(key, epoch, of, lease, || passage.watch());
        match claimed {
            Claimed::Lead(lead) => {
                way.lead = Some(lead);
                way.began = Some(lease.began());
                None
            }
            Claimed::Others(wait) => Some(wait),
        }
    }

    /// Waits once more; what it had come to before where it cannot.
    pub(super) async fn join(&self, before: Role<'a>) -> Role<'a> {
        let (cache, Some(passage)) = (&*self.cache.0, &self.passage) else {
            return before;
        };
        let lease = Lease::new(cache.stack.clock(), cache.wait);
        let (key, epoch, of) = (self.key.digest(), passage.epoch(), self.value_type.id());
        let watch = || passage.watch();
        cache.flights.join(key, epoch, of, lease, watch).await
    }

    /// Looks where there is one layer, which is in this process.
    pub(super) fn look_up_now(&mut self) -> Option<Lookup> {
        let way = &mut *self.0;
        // What has ended there is dropped, and may call for the same.
        let _mark = way.lead.as_ref().map(Lead::mark);
        let passage = way.passage.as_mut()?;
        let stack = &way.cache.0.stack;
        let found = stack.look_up_now(&way.key, way.value_type, passage);
        if found.is_none() {
            way.began = None;
        }
        found
    }

    /// Looks into every layer; where that fails, there is nothing.
    pub(super) async fn look_up(&mut self) -> Lookup {
        let Some(mut passage) = self.passage.take() else {
            return Lookup::Miss;
        };
        let (stack, policy) = (&self.cache.0.stack, Policy::of(&self.policy));
        let now = stack.clock().now();
        let is_good = |entry: &Entry| policy.age(entry, now) == Age::Fresh;
        let found = {
            let (key, value_type) = (&self.key, self.value_type);
            let looking = pin!(stack.look_up_until(key, value_type, &mut passage, is_good));
            self.drive(looking).await
        };
        self.passage = Some(passage);
        self.found(found)
    }

    /// The same for what the entry depends on alone.
    pub(super) async fn look_for_others(&mut self) {
        let way = &mut *self.0;
        let Some(passage) = &mut way.passage else {
            return;
        };
        let stack = &way.cache.0.stack;
        let looking = stack.look_up_until(&way.key, way.value_type, passage, |_| false);
        let found = looking.await;
        self.found(found);
    }

    fn found(&mut self, found: Result<Lookup>) -> Lookup {
        found.unwrap_or_else(|error| {
            warn_failed("look-up", &error);
            let cache = self.cache;
            self.account.look_up_failed(cache);
            Lookup::Miss
        })
    }

    /// Gives the value to all who wait, and stores it if it is to be kept. An invalidation that came meanwhile
    /// keeps it out of every store. What is left is to be waited for, apart from its caller's future.
    #[inline(never)]
    pub(crate) fn hand_in(
        mut self,
        value: AnyValue,
        kept: Kept,
    ) -> Option<Pin<Box<impl Future<Output = ()> + use<'a>>>> {
        let ended = self.cache.0.stack.clock().now();
        if self.passage.is_none() {
            self.ends(false, ended, None);
            return None;
        }
        self.land(Landed::Value(Arc::clone(&value)));
        if !kept.stores() {
            if self.old.is_some() {
                // The next would find the same.
                self.cache.hold_off(self.key.digest());
            }
            self.ends(false, ended, Some(Outcome::Refused));
            return None;
        }
        self.cache.0.throttle.free(self.key.digest());
        let policy = self.policy.as_ref();
        let entry = self.entry(value, self.value_type, policy, kept.ttl, ended);
        match self.store_now(entry, ended) {
            Ok(unstored) => {
                self.ends(false, ended, unstored);
                None
            }
            Err(entry) => Some(Box::pin(async move {
                let unstored = self.store(entry).await;
                self.ends(false, ended, unstored);
            })),
        }
    }

    /// Tells what became of the call, when nobody waits for it any more.
    fn ends(&mut self, has_failed: bool, ended: Moment, unstored: Option<Outcome>) {
        drop(self.lead.take());
        let (account, served) = (&self.account, self.old.is_some());
        account.ended(self.cache, &self.key, (has_failed, served), ended, unstored);
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
        let passage = self.passage.as_ref()?;
        let stored = self.cache.0.stack.store(&self.key, entry, passage);
        unstored(stored.await)
    }

    /// The same where nobody has to wait for it; the entry where somebody has.
    fn store_now(&self, entry: Entry, now: Moment) -> Result<Option<Outcome>, Entry> {
        let Some(passage) = &self.passage else {
            return Ok(None);
        };
        let stack = &self.cache.0.stack;
        stack
            .store_now(&self.key, entry, passage, now)
            .map(unstored)
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
        let way = &mut *self.0;
        let old = way.old.as_ref().filter(|entry| !entry.is_outdated());
        if let (Some(entry), Some(lead)) = (old, way.lead.take()) {
            lead.land_last(landed_old(entry));
        }
    }

    pub(super) fn land(&mut self, landed: Landed) {
        if let Some(lead) = &mut self.lead {
            lead.land(landed);
        }
    }
}

/// Why a value was not stored, where it was to be.
fn unstored(stored: Result<bool>) -> Option<Outcome> {
    match stored {
        Ok(true) => None,
        Ok(false) => Some(Outcome::Fenced),
        Err(error) => {
            warn_failed("store", &error);
            Some(Outcome::FailedOpen)
        }
    }
}
