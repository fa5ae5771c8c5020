//! What a call beyond the probe will have to say of itself, once nobody waits for it any more.

use cachestack_backends::{Key, Moment};

use super::Outcome;
use super::tell::{Beside, Origin};
use crate::cache::Cache;

/// What is known of a call on its way. Small, as it is handed on several times.
#[derive(Debug)]
pub(crate) struct Account {
    origin: Option<Origin>,
    ending: Ending,
    look_up_failed: bool,
}

/// How a call is going to end.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// It is told already, or there is no call.
    Untold,
    /// With the number of the layer that had the value.
    Answered(Outcome, Option<u32>),
    /// By a computation, which began then.
    Computes(Outcome, Moment),
}

impl Account {
    pub(crate) fn of(origin: Option<Origin>) -> Self {
        Self {
            origin,
            ending: Ending::Untold,
            look_up_failed: false,
        }
    }

    /// A layer has a value, which is given out: [`Outcome::Hit`] or [`Outcome::Stale`].
    pub(crate) fn found(&mut self, outcome: Outcome, layer: Option<usize>) {
        let layer = layer.and_then(|layer| u32::try_from(layer).ok());
        self.ending = Ending::Answered(outcome, layer);
    }

    /// There is the result of another call's computation.
    pub(crate) fn coalesced(&mut self) {
        self.ending = Ending::Answered(Outcome::Coalesced, None);
    }

    /// A computation begins, for the call.
    pub(crate) fn computes(&mut self, cache: &Cache) {
        cache.count(self.origin, Outcome::Computed);
        self.ending = Ending::Computes(Outcome::Computed, cache.stack().clock().now());
    }

    /// A computation begins in the background, to replace what grows old.
    #[allow(dead_code, reason = "nothing is computed in the background yet")]
    pub(crate) fn revalidates(&mut self, cache: &Cache) {
        self.ending = Ending::Computes(Outcome::Revalidated, cache.stack().clock().now());
    }

    /// The look-up failed, and the call goes on without.
    pub(crate) fn look_up_failed(&mut self, cache: &Cache) {
        cache.count(self.origin, Outcome::FailedOpen);
        self.look_up_failed = true;
    }

    /// The cache takes no part in the call.
    pub(crate) fn uncached(&mut self, cache: &Cache, key: &Key) {
        self.ending = Ending::Untold;
        cache.tell(self.origin, Outcome::Uncached, Some(key.text()));
    }

    /// The answer was of use to the call. Nobody may wait for the caller.
    pub(crate) fn is_answered(&self, cache: &Cache, key: &Key) {
        let Ending::Answered(outcome, layer) = self.ending else {
            return;
        };
        let layer = layer.map(|layer| layer as usize);
        cache.tell_found(self.origin, outcome, key.text(), layer);
    }

    /// The computation ended at that moment, and what it returned was handed in. Nobody may wait for the caller.
    pub(crate) fn ended(
        &self,
        cache: &Cache,
        key: &Key,
        has_failed: bool,
        ended: Moment,
        beside: Option<Outcome>,
    ) {
        let key = Some(key.text());
        if self.look_up_failed {
            cache.announce(self.origin, Outcome::FailedOpen, key, Beside::default());
        }
        if let Ending::Computes(outcome, began) = self.ending {
            let took = ended.since(began);
            cache.time(self.origin, took);
            let outcome = match (has_failed, outcome) {
                (false, outcome) => outcome,
                (true, Outcome::Revalidated) => Outcome::RevalidationFailed,
                (true, _) => Outcome::Failed,
            };
            if outcome != Outcome::Computed {
                cache.count(self.origin, outcome);
            }
            let (layer, took) = (None, Some(took));
            cache.announce(self.origin, outcome, key, Beside { layer, took });
        }
        if let Some(beside) = beside {
            cache.tell(self.origin, beside, key);
        }
    }
}

#[cfg(feature = "memory")]
#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::function::{Counters, Identity};

    type Heard = Arc<Mutex<Vec<(Outcome, Option<usize>, bool)>>>;

    fn stage() -> (Cache, Heard, Origin) {
        let heard = Heard::default();
        let cache = Cache::builder().on_event({
            let heard = Arc::clone(&heard);
            move |event| {
                let told = (event.outcome(), event.layer(), event.took().is_some());
                heard.lock().unwrap().push(told);
            }
        });
        let origin = Origin {
            identity: Box::leak(Box::new(Identity::named("account"))),
            counters: Box::leak(Box::<Counters>::default()),
        };
        (cache.build().unwrap(), heard, origin)
    }

    #[test]
    fn a_stale_value_is_counted_and_told_with_its_layer() {
        let (cache, heard, origin) = stage();
        let mut account = Account::of(Some(origin));
        account.found(Outcome::Stale, Some(1));
        account.is_answered(&cache, &cache.key("k"));
        cache.tell_found(Some(origin), Outcome::Stale, "k", Some(0));
        let told = heard.lock().unwrap().clone();
        assert_eq!(
            told,
            [
                (Outcome::Stale, Some(1), false),
                (Outcome::Stale, Some(0), false)
            ]
        );
        let stats = origin.counters.stats();
        assert_eq!((stats.stale, stats.hits), (2, 0));
        assert!(stats.to_string().ends_with(", stale 2"));
        assert_eq!(cache.blocking().stats().unwrap().stale, 2);
    }

    #[test]
    fn a_value_computed_in_the_background_is_revalidated_and_no_call() {
        let (cache, heard, origin) = stage();
        for has_failed in [false, true] {
            let mut account = Account::of(Some(origin));
            account.revalidates(&cache);
            let now = cache.stack().clock().now();
            account.ended(&cache, &cache.key("k"), has_failed, now, None);
        }
        let told = heard.lock().unwrap().clone();
        assert_eq!(
            told,
            [
                (Outcome::Revalidated, None, true),
                (Outcome::RevalidationFailed, None, true)
            ]
        );
        let stats = origin.counters.stats();
        assert_eq!((stats.revalidated, stats.failed), (1, 1));
        assert_eq!((stats.computed, stats.computing.count), (0, 2));
        assert_eq!(cache.blocking().stats().unwrap().revalidated, 1);
    }
}
