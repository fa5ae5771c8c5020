//! Keys whose computation has just failed: for a while it is not tried again where there is an old value.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cachestack_backends::{KeyDigest, Moment};

/// How many keys are kept in mind; beyond that those whose time ends first are forgotten.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Throttle {
    keys: Mutex<Keys>,
    /// How many there are, for those who need not look.
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Keys {
    until: HashMap<KeyDigest, Moment>,
    /// In the order in which they came, which is that in which their times end.
    order: VecDeque<(KeyDigest, Moment)>,
}

impl Throttle {
    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key is not to be tried again for so long.
    pub(super) fn hold(&self, key: KeyDigest, now: Moment, time: Duration) {
        let Some(until) = now.checked_add(time) else {
            return;
        };
        let mut keys = self.lock();
        keys.until.insert(key, until);
        keys.order.push_back((key, until));
        while let Some(&(first, ended)) = keys.order.front() {
            if ended > now && keys.order.len() <= MOST {
                break;
            }
            keys.order.pop_front();
            // It may have failed again since.
            if keys.until.get(&first) == Some(&ended) {
                keys.until.remove(&first);
            }
        }
        self.count.store(keys.until.len(), Ordering::Release);
    }

    /// The key can be computed again.
    pub(super) fn free(&self, key: KeyDigest) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut keys = self.lock();
        keys.until.remove(&key);
        self.count.store(keys.until.len(), Ordering::Release);
    }

    /// Whether the key is not to be tried yet.
    pub(super) fn holds(&self, key: KeyDigest, now: Moment) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        self.lock()
            .until
            .get(&key)
            .is_some_and(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use cachestack_backends::{Clock, Namespace};

    use super::*;

    fn key(i: usize) -> KeyDigest {
        Namespace::default().digest(i.to_le_bytes())
    }

    #[test]
    fn a_key_is_held_for_its_time_and_until_it_is_freed() {
        let (throttle, now) = (Throttle::default(), Clock::system().now());
        let later = now.checked_add(Duration::from_secs(1)).unwrap();
        throttle.hold(key(1), now, Duration::from_secs(1));
        throttle.hold(key(2), now, Duration::from_secs(1));
        throttle.free(key(2));
        assert!(throttle.holds(key(1), now) && !throttle.holds(key(2), now));
        assert!(!throttle.holds(key(1), later));
    }

    #[test]
    fn what_is_kept_in_mind_is_bounded() {
        let (throttle, now) = (Throttle::default(), Clock::system().now());
        for i in 0..MOST * 2 {
            throttle.hold(key(i), now, Duration::from_secs(1));
            throttle.free(key(i / 2));
        }
        let keys = throttle.lock();
        assert!(keys.until.len() <= MOST && keys.order.len() <= MOST);
        drop(keys);
        assert!(throttle.holds(key(MOST * 2 - 1), now));
    }
}
