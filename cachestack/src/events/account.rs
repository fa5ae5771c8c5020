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
    in_background: bool,
    look_up_failed: bool,
}

/// How a call is going to end.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// It is told already, or there is no call.
    Untold,
    Uncached,
    /// By a computation, which began then.
    Computes(Moment),
}

impl Account {
    pub(crate) fn of(origin: Option<Origin>, in_background: bool) -> Self {
        Self {
            origin,
            ending: Ending::Untold,
            in_background,
            look_up_failed: false,
        }
    }

    /// The cache takes no part in the call.
    pub(crate) fn is_uncached(&mut self) {
        self.ending = Ending::Uncached;
    }

    /// The look-up failed, and the call goes on without.
    pub(crate) fn look_up_failed(&mut self, cache: &Cache) {
        cache.count(self.origin, Outcome::FailedOpen);
        self.look_up_failed = true;
    }

    /// The computation begins, at that moment where it is known.
    pub(crate) fn computes(&mut self, cache: &Cache, now: Option<Moment>) {
        if let Ending::Untold = self.ending {
            cache.count(self.origin, Outcome::Computed);
            let began = now.unwrap_or_else(|| cache.stack().clock().now());
            self.ending = Ending::Computes(began);
        }
    }

    /// The computation ended at that moment, and what it returned was handed in; told is whether it failed, and
    /// whether there is an old value in its place. Nobody may wait for the caller.
    pub(crate) fn ended(
        &self,
        cache: &Cache,
        key: &Key,
        (has_failed, is_replaced): (bool, bool),
        ended: Moment,
        beside: Option<Outcome>,
    ) {
        let key = Some(key.text());
        if self.look_up_failed {
            cache.announce(self.origin, Outcome::FailedOpen, key, Beside::default());
        }
        if has_failed {
            cache.count(self.origin, Outcome::Failed);
        }
        if let Ending::Uncached = self.ending {
            cache.tell(self.origin, Outcome::Uncached, key);
        }
        if let Ending::Computes(began) = self.ending {
            let took = ended.since(began);
            cache.time(self.origin, took);
            let outcome = match (has_failed, self.in_background) {
                (false, false) => Outcome::Computed,
                (false, true) => Outcome::Revalidated,
                (true, false) if !is_replaced => Outcome::Failed,
                (true, _) => Outcome::RevalidationFailed,
            };
            let (layer, took) = (None, Some(took));
            cache.announce(self.origin, outcome, key, Beside { layer, took });
        }
        if let Some(beside) = beside {
            cache.tell(self.origin, beside, key);
        }
    }
}
