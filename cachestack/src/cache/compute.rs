//! Looking up or computing, one computation a key.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use cachestack_backends::runtime::{alarm, block_on};
use cachestack_backends::{
    AnyValue, Clock, Dependency, Entry, Error, Key, KeyDigest, Lookup as Answer, Moment, Passage,
    ValueType,
};

use super::Cache;
use super::background::Refusal;
use super::duty::Duty;
use super::freshness::{Age, Freshness, Policy};
use crate::flight::{Landed, Lease, Overtaken, Role};

/// What a look-up came to.
pub(crate) enum Lookup<'a> {
    /// The value is there, of the type that was asked for: in a store.
    Found(AnyValue),
    /// The same, and it is time to compute it anew.
    Aged { value: AnyValue, age: Age },
    /// The same, from another call's computation.
    Shared(AnyValue),
    /// A stale one, as no new one was to be had in time.
    Old(AnyValue),
    /// Another call's computation failed, and its failure is shared.
    Failed(AnyValue),
    /// The caller computes, and hands the result in.
    Compute(Duty<'a>),
}

/// What a caller wants of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A value; the caller computes a missing one itself.
    Value,
    /// A value; what is stale can be computed apart from the caller.
    ValueThenApart,
    /// To compute what is stale, unless somebody does already.
    Turn,
    /// A fresh value, in place of a stale one.
    Newer,
    /// A new one, whatever there is.
    New,
}

/// A question to the cache.
pub(crate) struct Ask<'a> {
    pub(crate) key: Key,
    pub(crate) value_type: &'static ValueType,
    pub(crate) on: &'a [Dependency],
    pub(crate) wish: Wish,
    pub(crate) policy: Option<Arc<Policy>>,
    /// What the caller has seen, which may be served still.
    pub(crate) old: Option<Box<Entry>>,
}

/// Whether what is to be taken is that there is nothing.
fn is_nothing(joined: &Role<'_>, value_type: &ValueType) -> bool {
    matches!(joined, Role::Take(Landed::Value(value)) if !value_type.describes(value))
}

impl Cache {
    /// Looks into every layer, or waits for whoever does already, for what depends on tags and on its function
    /// as they are now, before the computation.
    async fn look_up(&self, ask: Ask<'_>) -> Lookup<'_> {
        let cache = &*self.0;
        let Ask {
            value_type, wish, ..
        } = ask;
        let policy = Policy::of(&ask.policy);
        let mut duty = Duty::new(self, ask.key, value_type, ask.policy.clone());
        if self.is_closed() {
            cache.counters.uncached.one_more();
            return Lookup::Compute(duty);
        }
        let mut passage = cache.stack.passage_depending(&duty.key, ask.on);
        let role = self.role(&duty, &passage, wish, policy, ask.old.as_deref());
        match role.await {
            None => match ask.old {
                Some(old) => return Lookup::Old(Arc::clone(old.any())),
                None => return Lookup::Compute(duty),
            },
            Some(Role::Take(Landed::Value(value))) => {
                if value_type.describes(&value) {
                    cache.counters.coalesced.one_more();
                    return Lookup::Shared(value);
                }
            }
            Some(Role::Take(Landed::Old(value))) => {
                if policy.serves_stale() && value_type.describes(&value) {
                    return Lookup::Old(value);
                }
            }
            Some(Role::Take(Landed::Failure(failure))) => {
                cache.counters.coalesced.one_more();
                return Lookup::Failed(failure);
            }
            Some(Role::Lead(lead)) => duty.lead = Some(lead),
        }
        let now = cache.stack.clock().now();
        let is_good = |entry: &Entry| policy.age(entry, now) == Age::Fresh;
        let found = {
            let stack = &cache.stack;
            let looking = pin!(stack.look_up_until(&duty.key, value_type, &mut passage, is_good));
            duty.drive(looking).await
        };
        duty.passage = Some(Box::new(passage));
        let found = found.unwrap_or_else(|error| {
            self.failed_open("look-up", &error);
            Answer::Miss
        });
        let found = found.hit().filter(|it| value_type.describes(it.any()));
        self.judge(duty, found, wish, policy, ask.old)
    }

    /// Who computes, or what another call's computation came to; none where the caller is not to wait, or not
    /// any longer.
    async fn role(
        &self,
        duty: &Duty<'_>,
        passage: &Passage,
        wish: Wish,
        policy: &Policy,
        old: Option<&Entry>,
    ) -> Option<Role<'_>> {
        let cache = &*self.0;
        let clock = cache.stack.clock();
        let lease = Lease::new(clock, cache.wait);
        let overtaken = || {
            let watch = passage.watch();
            Box::new(move || watch.is_overtaken()) as Overtaken
        };
        let (key, epoch, of) = (duty.key.digest(), passage.epoch(), duty.value_type.id());
        if wish == Wish::Turn {
            let lead = cache.flights.lead(key, epoch, of, lease, overtaken);
            return lead.map(Role::Lead);
        }
        let join = || cache.flights.join(key, epoch, of, lease, overtaken);
        let joined = async {
            let joined = join().await;
            match is_nothing(&joined, duty.value_type) {
                // A batch found that there is nothing, which is no answer here: one of those who wait computes.
                true => join().await,
                false => joined,
            }
        };
        let ends = policy.timeout.filter(|_| wish != Wish::Newer);
        match ends.and_then(|time| clock.now().checked_add(time)) {
            None => Some(joined.await),
            Some(ends) => {
                let is_served = || old.is_some() || self.seen(duty, policy).is_some();
                before(joined, alarm(clock, ends), is_served).await
            }
        }
    }

    /// What the layers that answer at once have by now, which may be served.
    fn seen(&self, duty: &Duty<'_>, policy: &Policy) -> Option<Entry> {
        let entry = self.peek(duty.key.digest(), duty.value_type)?;
        let now = self.0.stack.clock().now();
        policy.serves_on_error(&entry, now).then_some(entry)
    }

    /// What is to be done with what the layers have.
    fn judge<'a>(
        &'a self,
        mut duty: Duty<'a>,
        found: Option<Entry>,
        wish: Wish,
        policy: &Policy,
        old: Option<Box<Entry>>,
    ) -> Lookup<'a> {
        let now = self.0.stack.clock().now();
        let waits = || self.0.throttle.holds(duty.key.digest(), now);
        let Some(entry) = found else {
            duty.old = old;
            self.0.counters.computed.one_more();
            return Lookup::Compute(duty);
        };
        let value = || Arc::clone(entry.any());
        let asks = matches!(wish, Wish::Value | Wish::ValueThenApart);
        let answer = match policy.age(&entry, now) {
            Age::Fresh => (Landed::Value(value()), Lookup::Found(value())),
            Age::Due if asks && (wish == Wish::Value || waits()) => {
                (Landed::Value(value()), Lookup::Found(value()))
            }
            age @ Age::Due if asks => {
                let value = value();
                (
                    Landed::Value(Arc::clone(&value)),
                    Lookup::Aged { value, age },
                )
            }
            Age::Stale | Age::Old if asks && waits() => {
                (Landed::Old(value()), Lookup::Old(value()))
            }
            age @ Age::Stale if wish == Wish::ValueThenApart => {
                let value = value();
                (Landed::Old(Arc::clone(&value)), Lookup::Aged { value, age })
            }
            Age::Ended => {
                self.0.counters.computed.one_more();
                return Lookup::Compute(duty);
            }
            Age::Due | Age::Stale | Age::Old => {
                duty.old = Some(Box::new(entry));
                self.0.counters.computed.one_more();
                return Lookup::Compute(duty);
            }
        };
        duty.land(answer.0);
        answer.1
    }

    /// The duty to compute whatever there is. Others who look for the key meanwhile compute for themselves.
    ///
    /// It looks all the same, for what the entry depends on.
    pub(crate) async fn duty(
        &self,
        key: Key,
        value_type: &'static ValueType,
        on: &[Dependency],
        policy: Option<Arc<Policy>>,
    ) -> Duty<'_> {
        let mut duty = Duty::new(self, key, value_type, policy);
        if !self.is_closed() {
            let mut passage = self.0.stack.passage_depending(&duty.key, on);
            let looked = self
                .0
                .stack
                .look_up_until(&duty.key, value_type, &mut passage, |_| false);
            if let Err(error) = looked.await {
                self.failed_open("look-up", &error);
            }
            duty.passage = Some(Box::new(passage));
        }
        duty
    }

    /// A look-up, or at once the duty of who wants a new value.
    async fn begin(&self, ask: Ask<'_>) -> Lookup<'_> {
        if ask.wish != Wish::New {
            return self.look_up(ask).await;
        }
        self.0.counters.computed.one_more();
        Lookup::Compute(self.duty(ask.key, ask.value_type, ask.on, ask.policy).await)
    }

    /// The same apart from its caller's future, which is to stay small: functions call each other.
    #[inline(never)]
    pub(crate) fn begin_apart<'a>(
        &'a self,
        ask: Ask<'a>,
    ) -> Pin<Box<impl Future<Output = Lookup<'a>> + use<'a>>> {
        Box::pin(self.begin(ask))
    }

    /// The same for sync code. On its own, so that what a look-up needs is off the stack when it computes.
    #[inline(never)]
    pub(crate) fn begin_sync<'a>(&'a self, ask: Ask<'a>) -> Lookup<'a> {
        block_on(self.begin(ask))
    }

    pub(crate) fn failed_open(&self, what: &str, error: &Error) {
        self.0.counters.failed_open.one_more();
        tracing::warn!(target: "cachestack", %error, "{what} failed, the function goes on without");
    }

    /// Counts a call that the cache took no part in.
    pub(crate) fn count_uncached(&self) {
        self.0.counters.uncached.one_more();
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

    /// Counts a call that was answered with a stale value.
    pub(crate) fn count_stale(&self) {
        self.0.counters.stale.one_more();
    }

    /// What holds for a call that says so much itself.
    pub(crate) fn policy(&self, own: Option<&Freshness>) -> Option<Arc<Policy>> {
        match own {
            None => self.0.policy.clone(),
            Some(own) => Some(Arc::new(own.resolve(&self.0.freshness))),
        }
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

/// Waits for a future, by that clock for so long at most.
pub(crate) async fn within<F: Future>(
    clock: &Clock,
    time: Duration,
    future: Pin<&mut F>,
) -> Option<F::Output> {
    match clock.now().checked_add(time) {
        None => Some(future.await),
        Some(ends) => before(future, alarm(clock, ends), || true).await,
    }
}

/// Waits for a future until the alarm comes, and on where it is not given up even then.
async fn before<F: Future>(
    future: F,
    end: impl Future<Output = ()>,
    is_given_up: impl Fn() -> bool,
) -> Option<F::Output> {
    let (mut future, mut end) = (pin!(future), pin!(end));
    let mut ended = false;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if !ended && end.as_mut().poll(context).is_ready() {
            ended = true;
            if is_given_up() {
                return Poll::Ready(None);
            }
        }
        Poll::Pending
    })
    .await
}
