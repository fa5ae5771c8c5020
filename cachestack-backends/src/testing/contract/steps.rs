//! What the rules are written in: calls that must not fail, and what must be seen after them.

use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::backend::{Backend, Lookup, TimeLeft};
use crate::entry::{CacheValue, Entry, ValueType};
use crate::error::Result;
use crate::key::{Key, Namespace};
use crate::runtime::sleep;
use crate::stats::Stats;
use crate::testing::Subject;

/// Long enough to be there to the end of a rule.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// Short enough to be waited for, long enough to be seen on a busy machine.
pub(super) const SHORT: Duration = Duration::from_millis(300);
/// As exactly as an entry's end is written down.
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
/// When what lasts for `SHORT` has ended in every store.
pub(super) const PAST: Duration = Duration::from_millis(301);

pub(super) fn key(text: &str) -> Key {
    key_in("contract", text)
}

pub(super) fn key_in(namespace: &str, text: &str) -> Key {
    Key::new(&Namespace::new(namespace), text)
}

/// The value of most rules.
pub(super) fn text(text: &str) -> String {
    text.to_owned()
}

/// A value whose parts every codec must carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Book {
    pub(super) title: String,
    pub(super) pages: Option<u32>,
    pub(super) marks: Vec<(u16, char)>,
    pub(super) price: f64,
}

impl Book {
    pub(super) fn sample() -> Self {
        Self {
            title: "Ünder \"quotes\"\n".into(),
            pages: Some(u32::MAX),
            marks: vec![(0, '\0'), (u16::MAX, '🦀')],
            price: 0.1 + 0.2,
        }
    }
}

/// What must not fail.
#[track_caller]
pub(super) fn succeed<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the store failed: {error}"),
    }
}

impl Subject {
    /// An entry made now, without an end.
    pub(super) fn entry<T: CacheValue>(&self, value: T) -> Entry {
        Entry::new(value, self.now())
    }

    /// An entry made now that ends after that time.
    pub(super) fn lasting<T: CacheValue>(&self, value: T, ttl: Duration) -> Entry {
        let now = self.now();
        Entry::new(value, now).expiring(now.checked_add(ttl))
    }

    /// An entry that has just ended.
    pub(super) fn ended<T: CacheValue>(&self, value: T) -> Entry {
        self.lasting(value, Duration::ZERO)
    }

    pub(super) async fn set(&self, key: &Key, entry: Entry) {
        succeed(self.backend.set(key, entry).await);
    }

    /// Sets a value that stays there to the end of the rule.
    pub(super) async fn put<T: CacheValue>(&self, key: &Key, value: T) {
        self.set(key, self.lasting(value, MINUTE)).await;
    }

    pub(super) async fn look_up<T: CacheValue>(&self, key: &Key) -> Lookup {
        succeed(self.backend.get(key, ValueType::of::<T>()).await)
    }

    pub(super) async fn look_up_many<T: CacheValue>(&self, keys: &[Key]) -> Vec<Lookup> {
        let wanted = |key: &Key| (key.clone(), ValueType::of::<T>());
        let wanted: Vec<_> = keys.iter().map(wanted).collect();
        succeed(self.backend.get_many(&wanted).await)
    }

    pub(super) async fn value<T: CacheValue>(&self, key: &Key) -> Option<T> {
        let entry = self.look_up::<T>(key).await.hit()?;
        let value = entry.value::<T>();
        assert!(value.is_some(), "a hit of another type than was asked for");
        value.cloned()
    }

    pub(super) async fn delete(&self, key: &Key) {
        succeed(self.backend.delete(key).await);
    }

    pub(super) async fn exists(&self, key: &Key) -> bool {
        succeed(self.backend.exists(key).await)
    }

    pub(super) async fn ttl(&self, key: &Key) -> TimeLeft {
        succeed(self.backend.ttl(key).await)
    }

    pub(super) async fn clear(&self, namespace: &str) {
        succeed(self.backend.clear(&Namespace::new(namespace)).await);
    }

    pub(super) async fn purge(&self, namespace: &str) -> u64 {
        succeed(self.backend.purge_expired(&Namespace::new(namespace)).await)
    }

    pub(super) async fn stats(&self) -> Stats {
        succeed(self.backend.stats().await)
    }

    /// Nothing can be seen under the key in any way.
    pub(super) async fn expect_nothing(&self, key: &Key) {
        let found = self.look_up::<String>(key).await;
        assert!(matches!(found, Lookup::Miss), "{key:?} gives {found:?}");
        assert!(!self.exists(key).await, "{key:?} is said to exist");
        assert_eq!(self.ttl(key).await, TimeLeft::Missing, "{key:?} has a ttl");
        let peeked = self.backend.peek(key.digest(), ValueType::of::<String>());
        assert!(peeked.is_none(), "{key:?} can be peeked at");
    }

    /// That value can be seen under the key in every way.
    pub(super) async fn expect<T>(&self, key: &Key, value: &T)
    where
        T: CacheValue + PartialEq + Debug,
    {
        let found = self.value::<T>(key).await;
        assert_eq!(found.as_ref(), Some(value), "under {key:?}");
        assert!(self.exists(key).await, "{key:?} is said not to exist");
        assert_ne!(self.ttl(key).await, TimeLeft::Missing, "{key:?} has no ttl");
    }

    /// Runs `work` on so many threads at once, each driven as the subject is, and waits for all.
    pub(super) async fn on_threads<F>(&self, threads: usize, work: impl Fn(usize) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let running: Vec<_> = (0..threads)
            .map(|index| {
                let (drive, work) = (self.driver(), work(index));
                let (ended, end) = oneshot::channel();
                thread::spawn(move || {
                    drive(Box::pin(work));
                    // Not sent when the work panicked, which is how that is seen.
                    let _ = ended.send(());
                });
                end
            })
            .collect();
        for end in running {
            assert!(end.await.is_ok(), "one of the threads failed");
        }
    }
}

/// Polls a future up to so many times, a millisecond apart, and drops it.
pub(super) async fn poll_and_drop<F: Future>(future: F, times: usize) {
    let mut future = pin!(future);
    for _ in 0..times {
        let ended =
            std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready()));
        if ended.await {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}
