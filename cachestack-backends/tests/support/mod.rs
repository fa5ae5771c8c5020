//! What the tests of stores are written in.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cachestack_backends::runtime::{block_on, sleep};
use cachestack_backends::{
    AnyBackend, Backend, CacheValue, Clock, Entry, Key, Lookup, Namespace, ValueType,
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn key(text: &str) -> Key {
    Key::new(&Namespace::new("test"), text)
}

/// Those keys, each to be looked up as that type.
pub(crate) fn wanting(
    keys: impl AsRef<[Key]>,
    value_type: &'static ValueType,
) -> Vec<(Key, &'static ValueType)> {
    let wanted = keys.as_ref().iter().map(|key| (key.clone(), value_type));
    wanted.collect()
}

/// Drives a future to its end, which must come soon: what waits for ever fails.
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> T {
    let (mut future, mut deadline) = (pin!(future), pin!(sleep(20 * SECOND)));
    block_on(std::future::poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(output);
        }
        let late = deadline.as_mut().poll(context).is_ready();
        assert!(!late, "still waiting after 20 s");
        Poll::Pending
    }))
}

/// The same on a thread of its own.
pub(crate) fn begin<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    thread::spawn(|| soon(future))
}

/// A store or stack with its clock, in short words.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) backend: AnyBackend,
    pub(crate) clock: Clock,
}

impl Desk {
    pub(crate) fn new(backend: &(impl Backend + Clone), clock: &Clock) -> Self {
        Self {
            backend: AnyBackend::new(backend.clone()),
            clock: clock.clone(),
        }
    }

    pub(crate) fn entry<T: CacheValue>(&self, value: T) -> Entry {
        Entry::new(value, self.clock.now())
    }

    pub(crate) fn lasting<T: CacheValue>(&self, value: T, ttl: Duration) -> Entry {
        let now = self.clock.now();
        Entry::new(value, now).expiring(now.checked_add(ttl))
    }

    pub(crate) fn set<T: CacheValue>(&self, text: &str, value: T) {
        soon(self.backend.set(&key(text), self.entry(value))).unwrap();
    }

    pub(crate) fn set_for<T: CacheValue>(&self, text: &str, value: T, ttl: Duration) {
        soon(self.backend.set(&key(text), self.lasting(value, ttl))).unwrap();
    }

    pub(crate) fn look_up<T: CacheValue>(&self, text: &str) -> Lookup {
        soon(self.backend.get(&key(text), ValueType::of::<T>())).unwrap()
    }

    pub(crate) fn get<T: CacheValue>(&self, text: &str) -> Option<T> {
        let entry = self.look_up::<T>(text).hit()?;
        Some(entry.value::<T>().unwrap().clone())
    }

    pub(crate) fn left<T: CacheValue>(&self, text: &str) -> Option<Duration> {
        let entry = self.look_up::<T>(text).hit().unwrap();
        entry.time_left(self.clock.now())
    }

    pub(crate) fn delete(&self, text: &str) {
        soon(self.backend.delete(&key(text))).unwrap();
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        soon(self.backend.exists(&key(text))).unwrap()
    }

    pub(crate) fn stats(&self) -> cachestack_backends::Stats {
        soon(self.backend.stats()).unwrap()
    }
}

/// Numbers that look random and are the same every time.
pub(crate) fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (seed + 1).wrapping_mul(0x2545_f491_4f6c_dd1d);
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}
