//! A call that its cache could not answer at once.

use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{AnyValue, Dependency, Key, ValueType};
use tokio::sync::oneshot;

use crate::cache::{Age, Ask, Cache, Policy, Ticket, Wish};
use crate::events::{Origin, Outcome};

/// What is to be looked up or computed, and what there is meanwhile.
#[derive(Debug)]
pub(super) struct Missed {
    pub(super) origin: Origin,
    pub(super) cache: Cache,
    pub(super) key: Key,
    pub(super) wish: Wish,
    pub(super) policy: Option<Arc<Policy>>,
    /// What may be served still.
    pub(super) old: Option<AnyValue>,
    /// How old that is.
    pub(super) age: Age,
}

/// A computation that is to run apart from a call that waits for it.
pub(super) struct Apart<V> {
    pub(super) time: Duration,
    pub(super) ticket: Ticket,
    pub(super) old: V,
}

impl Missed {
    pub(super) fn new(
        origin: Origin,
        cache: &Cache,
        key: Key,
        wish: Wish,
        policy: Option<Arc<Policy>>,
    ) -> Self {
        Self {
            origin,
            cache: cache.clone(),
            key,
            wish,
            policy,
            old: None,
            age: Age::Ended,
        }
    }

    pub(super) fn ask<'a>(
        &self,
        value_type: &'static ValueType,
        on: &'a [Dependency],
        goes_apart: bool,
    ) -> Ask<'a> {
        Ask {
            origin: self.origin,
            key: self.key.clone(),
            value_type,
            on,
            wish: match self.wish {
                Wish::Value if goes_apart => Wish::ValueThenApart,
                wish => wish,
            },
            policy: self.policy.clone(),
            old: self.old.clone(),
        }
    }

    pub(super) fn old(&self) -> Option<&AnyValue> {
        self.old.as_ref()
    }

    /// How long a computation is waited for beside an old value, and that value.
    pub(super) fn limit<V>(
        &self,
        load: fn(&AnyValue) -> Option<V>,
        old: Option<&AnyValue>,
    ) -> Option<(Duration, V)> {
        // Who refreshes in the background has all the time.
        let asks = matches!(self.wish, Wish::Value | Wish::Turn);
        let time = Policy::of(&self.policy).timeout.filter(|_| asks)?;
        Some((time, load(old?)?))
    }

    /// The same with the right to compute apart, where that can be.
    pub(super) fn apart<V>(
        &self,
        goes_apart: bool,
        load: fn(&AnyValue) -> Option<V>,
        old: Option<&AnyValue>,
    ) -> Option<Apart<V>> {
        if !goes_apart {
            return None;
        }
        let (time, old) = self.limit(load, old)?;
        let ticket = self.cache.ticket(self.key.digest()).ok()?;
        Some(Apart { time, ticket, old })
    }

    /// What is computed apart, unless it takes longer.
    pub(super) async fn wait_for(
        &self,
        time: Duration,
        mut computed: oneshot::Receiver<Option<AnyValue>>,
    ) -> Option<Result<Option<AnyValue>, oneshot::error::RecvError>> {
        let waited = self.cache.within(time, std::pin::Pin::new(&mut computed));
        // Apart, so that the futures of functions stay small: they call each other.
        Box::pin(waited).await
    }

    /// Tells that the call was answered with what was there.
    pub(super) fn tell_served(&self, layer: Option<usize>) {
        self.tell_aged(self.age, layer);
    }

    pub(super) fn tell_aged(&self, age: Age, layer: Option<usize>) {
        let outcome = match age {
            Age::Fresh | Age::Due => Outcome::Hit,
            _ => Outcome::Stale,
        };
        let origin = Some(self.origin);
        self.cache
            .tell_found(origin, outcome, self.key.text(), layer);
    }

    /// Counts and tells what the cache has not counted.
    pub(super) fn tell_now(&self, outcome: Outcome) {
        let (origin, key) = (Some(self.origin), Some(self.key.text()));
        self.cache.tell(origin, outcome, key);
    }

    /// Tells what the cache has counted, and counts it for the function.
    pub(super) fn tell(&self, outcome: Outcome) {
        self.origin.counters.count(outcome);
        self.cache
            .tell_counted(self.origin, outcome, self.key.text());
    }
}
