//! A call that its cache could not answer at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachestack_backends::{AnyValue, Dependency, Key, ValueType};
use smallvec::SmallVec;

use crate::cache::{Age, Aged, Ask, Cache, Policy, Ticket, Wish};
use crate::events::{Origin, Outcome};

/// What is to be looked up or computed, and what there is meanwhile.
#[derive(Debug)]
pub(super) struct Missed {
    pub(super) origin: Origin,
    pub(super) cache: Cache,
    pub(super) key: Key,
    pub(super) wish: Wish,
    pub(super) policy: Option<Arc<Policy>>,
    /// What an entry to be can be invalidated by, beside its key.
    pub(super) on: SmallVec<[Dependency; 2]>,
    /// What may be served still.
    pub(super) old: Option<AnyValue>,
    /// How old that is.
    pub(super) age: Age,
    /// Whether it was to be computed apart, and could not be.
    was_refused: AtomicBool,
}

/// A computation that is to run apart from a call that waits for it.
pub(super) struct Apart<V> {
    pub(super) time: Duration,
    pub(super) ticket: Ticket,
    pub(super) old: Aged<V>,
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
            on: SmallVec::new(),
            old: None,
            age: Age::Ended,
            was_refused: AtomicBool::new(false),
        }
    }

    pub(super) fn ask<'a>(&'a self, value_type: &'static ValueType, goes_apart: bool) -> Ask<'a> {
        Ask {
            origin: self.origin,
            key: self.key.clone(),
            value_type,
            on: &self.on,
            wish: match self.wish {
                Wish::Value if goes_apart => Wish::ValueThenApart,
                wish => wish,
            },
            policy: self.policy.clone(),
            old: self.old(),
        }
    }

    /// What the layers that answer at once had, where it may be served still.
    pub(super) fn old(&self) -> Option<Aged> {
        let value = Arc::clone(self.old.as_ref()?);
        Some(Aged {
            value,
            age: self.age,
            layer: Some(0),
        })
    }

    /// How long a computation is waited for beside an old value, and that value.
    pub(super) fn limit<V>(
        &self,
        load: fn(&AnyValue) -> Option<V>,
        old: Option<Aged>,
    ) -> Option<(Duration, Aged<V>)> {
        // Who refreshes in the background has all the time.
        let asks = matches!(self.wish, Wish::Value | Wish::Turn);
        let time = Policy::of(&self.policy).timeout.filter(|_| asks)?;
        Some((time, old?.load(load)?))
    }

    /// The same with the right to compute apart, where that can be.
    pub(super) fn apart<V>(
        &self,
        goes_apart: bool,
        load: fn(&AnyValue) -> Option<V>,
        old: Option<Aged>,
    ) -> Option<Apart<V>> {
        if !goes_apart {
            return None;
        }
        let (time, old) = self.limit(load, old)?;
        match self.cache.ticket(self.key.digest()) {
            Ok(ticket) => Some(Apart { time, ticket, old }),
            Err(refusal) => {
                // A call that asks twice is put off once.
                if !self.was_refused.swap(true, Ordering::Relaxed) {
                    self.cache.count_refusal(refusal);
                }
                None
            }
        }
    }

    /// Tells that the call was answered with what was there.
    pub(super) fn tell_served(&self, layer: Option<usize>) {
        self.tell_aged(self.age, layer);
    }

    /// The same of a value of that age.
    pub(super) fn tell_aged(&self, age: Age, layer: Option<usize>) {
        if !self.is_call() {
            return;
        }
        let (origin, key) = (Some(self.origin), self.key.text());
        match (age.outcome(), layer) {
            // Another call left it.
            (Outcome::Hit, None) => self.tell(Outcome::Coalesced),
            (outcome, layer) => self.cache.tell_found(origin, outcome, key, layer),
        }
    }

    /// Counts and tells how the call ended.
    pub(super) fn tell(&self, outcome: Outcome) {
        if self.is_call() {
            let (origin, key) = (Some(self.origin), Some(self.key.text()));
            self.cache.tell(origin, outcome, key);
        }
    }

    /// Whether there is a call to tell of: a refresh in the background answers none.
    fn is_call(&self) -> bool {
        self.wish != Wish::Newer
    }
}
