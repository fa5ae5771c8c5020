//! Looking up or computing, one computation a key.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::alarm;
use cachestack_backends::{
    AnyValue, Dependency, Entry, Key, KeyDigest, Moment, Passage, ValueType,
};

use super::Cache;
use super::ask::{Ask, Beginning, Lookup, Wish};
use super::background::Refusal;
use super::duty::Duty;
use super::freshness::{Age, Aged, Freshness, Policy};
use super::within::{before, within};
use crate::events::{Account, Origin};
use crate::flight::{Landed, Role, Wait};

/// What a caller's turn is.
enum Turn<'a> {
    Joined(Role<'a>),
    /// To be answered with an old value, as it is not to wait.
    Served(Aged),
}

/// An old value for others, with its times.
pub(super) fn landed_old(entry: &Entry) -> Landed {
    Landed::Old(Arc::new(entry.clone()))
}

/// Whether what is to be taken is that there is nothing.
fn is_nothing(joined: &Role<'_>, value_type: &ValueType) -> bool {
    matches!(joined, Role::Take(Landed::Value(value)) if !value_type.describes(value))
}

impl Cache {
    /// Looks into every layer, or waits for whoever does already, for what depends on tags and on its function
    /// as they are now, before the computation. Who wants a new value has the duty to compute it.
    #[inline(never)]
    pub(crate) fn begin<'a>(
        &'a self,
        ask: Ask<'a>,
    ) -> Beginning<'a, impl Future<Output = Lookup<'a>> + use<'a>> {
        let cache = &*self.0;
        let wish = ask.wish;
        let mut duty = Duty::new(self, ask.key, ask.value_type, ask.policy);
        duty.account = Account::of(Some(ask.origin), wish == Wish::Newer);
        if self.is_closed() {
            duty.account.is_uncached();
            return Beginning::Done(Lookup::Compute(duty));
        }
        duty.passage = Some(cache.stack.passage_depending(&duty.key, ask.on));
        let old = ask.old;
        if wish == Wish::New {
            return Beginning::Waits(Box::pin(self.go_on(duty, None, wish, old)));
        }
        match duty.claim() {
            None => match duty.look_up_now() {
                Some(found) => Beginning::Done(self.judge(duty, found.hit(), wish)),
                None => Beginning::Waits(Box::pin(self.go_on(duty, None, wish, old))),
            },
            wait => Beginning::Waits(Box::pin(self.go_on(duty, wait, wish, old))),
        }
    }

    /// The same where somebody may have to wait.
    async fn go_on<'a>(
        &'a self,
        mut duty: Duty<'a>,
        wait: Option<Wait<'a, 'a>>,
        wish: Wish,
        old: Option<Aged>,
    ) -> Lookup<'a> {
        if wish == Wish::New {
            duty.look_for_others().await;
            return Lookup::Compute(duty);
        }
        if let Some(wait) = wait {
            let policy = duty.policy.clone();
            let (policy, value_type) = (Policy::of(&policy), duty.value_type);
            match self.turn(&duty, wait, wish, policy, old).await {
                Turn::Served(old) => return Lookup::Old(old),
                Turn::Joined(Role::Take(Landed::Value(value))) => {
                    if value_type.describes(&value) {
                        return Lookup::Shared(value);
                    }
                }
                Turn::Joined(Role::Take(Landed::Old(old))) => {
                    if let Some(old) = self.acceptable(&old, value_type, policy) {
                        return Lookup::Old(old);
                    }
                }
                Turn::Joined(Role::Take(Landed::Failure(failure))) => {
                    return Lookup::Failed(failure);
                }
                Turn::Joined(Role::Lead(lead)) => duty.lead = Some(lead),
            }
        }
        let found = duty.look_up().await;
        let value_type = duty.value_type;
        let found = found.hit().filter(|it| value_type.describes(it.any()));
        self.judge(duty, found, wish)
    }

    /// What another call's computation came to, or that the caller computes too; an old value where it is not to wait
    /// for that, or not any longer.
    async fn turn<'a>(
        &'a self,
        duty: &Duty<'a>,
        wait: Wait<'a, 'a>,
        wish: Wish,
        policy: &Policy,
        old: Option<Aged>,
    ) -> Turn<'a> {
        if let (Wish::Turn, Some(old)) = (wish, &old) {
            return Turn::Served(old.clone());
        }
        let cache = &*self.0;
        let clock = cache.stack.clock();
        let joined = async {
            let joined = wait.await;
            let is_refused = |joined: &Role<'_>| match joined {
                Role::Take(Landed::Old(old)) => {
                    self.acceptable(old, duty.value_type, policy).is_none()
                }
                joined => is_nothing(joined, duty.value_type),
            };
            match is_refused(&joined) {
                // A batch found that there is nothing, or another call served what is too old here: one of those who
                // wait computes.
                true => duty.join(joined).await,
                false => joined,
            }
        };
        let ends = policy.timeout.filter(|_| wish != Wish::Newer);
        match ends.and_then(|time| clock.now().checked_add(time)) {
            None => Turn::Joined(joined.await),
            Some(ends) => {
                let served = || old.clone().or_else(|| self.seen(duty, policy));
                let joined = before(joined, alarm(clock, ends), served).await;
                joined.map_or_else(Turn::Served, Turn::Joined)
            }
        }
    }

    /// What the layers that answer at once have by now, which may be served.
    fn seen(&self, duty: &Duty<'_>, policy: &Policy) -> Option<Aged> {
        let entry = self.peek(duty.key.digest(), duty.value_type)?;
        policy.served(&entry, self.0.stack.clock().now(), Some(0))
    }

    /// What another call served in the place of a new value, where it may be served here too.
    fn acceptable(&self, old: &AnyValue, value_type: &ValueType, policy: &Policy) -> Option<Aged> {
        let entry = old.downcast_ref::<Entry>()?;
        let is_ours = value_type.describes(entry.any()) && !entry.is_outdated();
        let now = self.0.stack.clock().now();
        policy.served(entry, now, None).filter(|_| is_ours)
    }

    /// What is to be done with what the layers have.
    fn judge<'a>(&'a self, mut duty: Duty<'a>, found: Option<Entry>, wish: Wish) -> Lookup<'a> {
        let Some(entry) = found else {
            // What the caller has seen before its look-up may have been deleted since.
            return Lookup::Compute(duty);
        };
        let now = self.0.stack.clock().now();
        let waits = || self.0.throttle.holds(duty.key.digest(), now);
        let value = || Arc::clone(entry.any());
        let layer = duty.passage.as_ref().and_then(Passage::found_in);
        let asks = matches!(wish, Wish::Value | Wish::ValueThenApart);
        let age = Policy::of(&duty.policy).age(&entry, now);
        let aged = || Aged {
            value: value(),
            age,
            layer,
        };
        let answer = match age {
            Age::Fresh => (Landed::Value(value()), Lookup::Found(value(), layer)),
            Age::Due if asks && (wish == Wish::Value || waits()) => {
                (Landed::Value(value()), Lookup::Found(value(), layer))
            }
            Age::Due if asks => (Landed::Value(value()), Lookup::Aged(aged())),
            Age::Stale | Age::Old if asks && waits() => (landed_old(&entry), Lookup::Old(aged())),
            Age::Stale if wish == Wish::ValueThenApart => {
                (landed_old(&entry), Lookup::Aged(aged()))
            }
            Age::Ended => return Lookup::Compute(duty),
            Age::Due | Age::Stale | Age::Old => {
                duty.old = Some(Box::new(entry));
                return Lookup::Compute(duty);
            }
        };
        // What was invalidated meanwhile is this caller's, who asked before, and nobody else's.
        if !entry.is_outdated() {
            duty.land(answer.0);
        }
        answer.1
    }

    /// The duty to compute whatever there is. Others who look for the key meanwhile compute for themselves.
    ///
    /// It looks all the same, for what the entry depends on.
    pub(crate) async fn duty(
        &self,
        origin: Option<Origin>,
        key: Key,
        value_type: &'static ValueType,
        on: &[Dependency],
        policy: Option<Arc<Policy>>,
    ) -> Duty<'_> {
        let mut duty = Duty::new(self, key, value_type, policy);
        duty.account = Account::of(origin, false);
        if !self.is_closed() {
            duty.passage = Some(self.0.stack.passage_depending(&duty.key, on));
            duty.look_for_others().await;
        }
        duty
    }

    /// Counts a computation in the background.
    pub(crate) fn count_revalidated(&self) {
        self.0.counters.revalidated.one_more();
    }

    /// Counts one that was not started.
    pub(crate) fn count_refusal(&self, refusal: Refusal) {
        if refusal == Refusal::Full {
            self.0.counters.put_off.one_more();
        }
    }

    /// What holds for a call that says so much itself.
    pub(crate) fn policy(&self, own: Option<&Freshness>) -> Option<Arc<Policy>> {
        match own {
            None => self.0.policy.clone(),
            Some(own) => Some(Arc::new(own.resolve(&self.0.freshness))),
        }
    }

    /// The same where it is looked at once.
    pub(crate) fn resolved(&self, own: Option<&Freshness>) -> Policy {
        own.unwrap_or(&Freshness::NONE).resolve(&self.0.freshness)
    }

    /// How old an entry is to such a call.
    pub(crate) fn age(&self, entry: &Entry, policy: &Policy) -> Age {
        policy.age(entry, self.0.stack.clock().now())
    }

    /// Whether an entry is not stale.
    pub(crate) fn is_fresh(&self, entry: &Entry) -> bool {
        // Most have no end of their freshness, and need no clock.
        entry.fresh_until_moment().is_none() || entry.is_fresh(self.0.stack.clock().now())
    }

    /// Whether it is too early to try again what failed.
    pub(crate) fn holds_off(&self, key: KeyDigest) -> bool {
        self.0.throttle.holds(key, self.0.stack.clock().now())
    }

    /// The entry with the times that a call, its cache and its policy give it.
    pub(super) fn timed(
        &self,
        entry: Entry,
        now: Moment,
        ttl: Option<Duration>,
        policy: Option<&Arc<Policy>>,
    ) -> Entry {
        let (ttl, most) = (ttl.or(self.0.ttl), self.0.max_ttl);
        Policy::of_ref(policy).times(entry, now, ttl, most)
    }

    /// The key is not to be computed again for a while where there is an old value.
    pub(super) fn hold_off(&self, key: KeyDigest) {
        let now = self.0.stack.clock().now();
        self.0.throttle.hold(key, now, self.0.retry_after);
    }

    /// Waits for a future, by this cache's clock for so long at most.
    pub(crate) async fn within<F: Future>(
        &self,
        time: Duration,
        future: Pin<&mut F>,
    ) -> Option<F::Output> {
        within(self.0.stack.clock(), time, future).await
    }
}
