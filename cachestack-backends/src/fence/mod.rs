//! Which writes are still wanted: an invalidation wins over everything that began before it.
//!
//! Whoever computes or fetches a value takes a [`FenceToken`] before and hands it in with the value. An
//! invalidation moves the key to its next epoch, and a token of an earlier epoch stores nothing. Checking
//! and inserting into memory is one step under one lock; writes to slower layers hold [`WriteGuard`]s,
//! for which an invalidation waits before it deletes.
//!
//! Only keys that somebody watches are in the table: when nothing is in flight it is empty.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;
use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::generation::Table;
use crate::key::KeyDigest;
use crate::runtime::Scope;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// A shard with much more room than it needs gives it back, down to twice what it has and so many.
const SPARE: usize = 64;

/// The epochs of the keys of one stack; clones share them.
#[derive(Clone, Default)]
pub struct Fence(Arc<Inner>);

#[derive(Default)]
struct Inner {
    shards: [Mutex<Shard>; SHARDS],
    /// Moved by invalidations that concern every key.
    everything: AtomicU64,
    /// Read by writers to slow layers, written by who deletes everything.
    slow_writes: Arc<RwLock<()>>,
    /// The generations of the same store, which who shares its fence shares too.
    generations: Table,
}

type Shard = HashMap<KeyDigest, Watched, BuildHasherDefault<DigestHasher>>;

#[derive(Default)]
struct Watched {
    epoch: u64,
    holders: usize,
    /// Made when somebody writes to slow layers.
    writers: Option<Arc<tokio::sync::Mutex<()>>>,
}

/// Where a key stood when a token was taken. Two equal epochs of one key have no invalidation between
/// them; those of passages, none of what they depend on either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch {
    key: u64,
    everything: u64,
    generations: u128,
}

impl Epoch {
    /// Whether the key has not moved on, whatever it depends on.
    fn is_where(&self, now: &Self) -> bool {
        (self.key, self.everything) == (now.key, now.everything)
    }
}

impl Fence {
    /// A fence that nothing has passed yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn shard(&self, key: KeyDigest) -> MutexGuard<'_, Shard> {
        let index = (key.0 >> 64) as usize % SHARDS;
        self.0.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a token. Whatever is looked up or computed after this may be stored with it.
    pub fn token(&self, key: KeyDigest) -> FenceToken {
        let mut shard = self.shard(key);
        let watched = shard.entry(key).or_default();
        watched.holders += 1;
        FenceToken {
            epoch: self.epoch_of(watched),
            fence: self.clone(),
            key,
        }
    }

    fn epoch_of(&self, watched: &Watched) -> Epoch {
        Epoch {
            key: watched.epoch,
            everything: self.0.everything.load(Ordering::SeqCst),
            generations: 0,
        }
    }

    /// Voids every token of the key that was taken before, and runs `change` in the same step.
    pub fn advance<R>(&self, key: KeyDigest, change: impl FnOnce() -> R) -> R {
        let _after_the_lock = Scope::new();
        let mut shard = self.shard(key);
        if let Some(watched) = shard.get_mut(&key) {
            watched.epoch += 1;
        }
        change()
    }

    /// Voids every token that was taken before, and runs `change` in the same step: nobody takes a token or
    /// inserts into memory meanwhile.
    pub fn advance_all<R>(&self, change: impl FnOnce() -> R) -> R {
        let _after_the_locks = Scope::new();
        // Everyone else holds one of these locks at most, so taking all of them waits for nobody for ever.
        let _all: Vec<_> = self
            .0
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
            .collect();
        self.0.everything.fetch_add(1, Ordering::SeqCst);
        change()
    }

    /// Waits until nobody else writes these keys to slow layers, and keeps others out until the guard is
    /// dropped.
    pub async fn write(&self, keys: impl IntoIterator<Item = KeyDigest>) -> WriteGuard {
        let mut keys: SmallVec<[KeyDigest; 1]> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        // Everyone takes the locks of keys in this order and then the one of all keys, once: so nobody
        // holds what somebody waits for who is waited for in turn.
        let mut held = SmallVec::new();
        for key in keys {
            let token = self.token(key);
            let writers = {
                let mut shard = self.shard(key);
                let watched = shard.entry(key).or_default();
                Arc::clone(watched.writers.get_or_insert_default())
            };
            held.push((writers.lock_owned().await, token));
        }
        let slow = Arc::clone(&self.0.slow_writes).read_owned().await;
        WriteGuard {
            _keys: held,
            _slow: slow,
        }
    }

    /// Waits until nobody writes to slow layers, and keeps all writers out until the guard is dropped.
    pub async fn write_all(&self) -> WriteAllGuard {
        WriteAllGuard {
            _slow: Arc::clone(&self.0.slow_writes).write_owned().await,
        }
    }

    /// Whether somebody holds a token of the key, or writes it.
    #[cfg(feature = "network")]
    pub(crate) fn is_watched(&self, key: KeyDigest) -> bool {
        self.shard(key).contains_key(&key)
    }

    /// The generations of the store that this is the fence of.
    pub(crate) fn generations(&self) -> &Table {
        &self.0.generations
    }

    /// How many keys are being watched: 0 when nothing is in flight.
    pub fn watched(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.0.shards.iter().map(len).sum()
    }

    /// How many tags, functions and namespaces somebody depends on, entries in memory included. Counting
    /// forgets the others.
    pub fn generations_held(&self) -> usize {
        self.0.generations.sweep();
        self.0.generations.len()
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence")
            .field("watched", &self.watched())
            .finish_non_exhaustive()
    }
}

/// The right to store what is looked up or computed from now on, until an invalidation voids it.
#[must_use = "a token that is dropped watches nothing"]
pub struct FenceToken {
    fence: Fence,
    key: KeyDigest,
    epoch: Epoch,
}

impl FenceToken {
    /// Where the key stood when the token was taken.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The same token, whose epoch tells those generations, as one number, from others.
    pub(crate) fn of_generations(mut self, generations: u128) -> Self {
        self.epoch.generations = generations;
        self
    }

    /// Whether nothing has voided the token yet.
    pub fn is_current(&self) -> bool {
        let shard = self.fence.shard(self.key);
        self.holds_in(&shard)
    }

    /// Runs `insert` unless the token is void, in one step with the check. Like any newer write, what
    /// was inserted voids every token of the key, this one too.
    pub fn commit<R>(&self, insert: impl FnOnce() -> R) -> Option<R> {
        let _after_the_lock = Scope::new();
        let mut shard = self.fence.shard(self.key);
        if !self.holds_in(&shard) {
            return None;
        }
        if let Some(watched) = shard.get_mut(&self.key) {
            watched.epoch += 1;
        }
        Some(insert())
    }

    /// Runs `insert` unless the token is void, in one step with the check, and leaves all tokens as
    /// they are: for copies of what a lower layer holds.
    pub fn copy<R>(&self, insert: impl FnOnce() -> R) -> Option<R> {
        let _after_the_lock = Scope::new();
        let shard = self.fence.shard(self.key);
        self.holds_in(&shard).then(insert)
    }

    fn holds_in(&self, shard: &Shard) -> bool {
        let is_same = |watched: &Watched| self.epoch.is_where(&self.fence.epoch_of(watched));
        cfg!(mutant = "no_fence") || shard.get(&self.key).is_some_and(is_same)
    }
}

/// The same right once more; it is void when the first is.
impl Clone for FenceToken {
    fn clone(&self) -> Self {
        let mut shard = self.fence.shard(self.key);
        shard.entry(self.key).or_default().holders += 1;
        Self {
            fence: self.fence.clone(),
            key: self.key,
            epoch: self.epoch,
        }
    }
}

impl Drop for FenceToken {
    fn drop(&mut self) {
        let mut shard = self.fence.shard(self.key);
        if let Some(watched) = shard.get_mut(&self.key) {
            watched.holders -= 1;
            if watched.holders == 0 {
                shard.remove(&self.key);
                let needed = shard.len() * 2 + SPARE;
                if shard.capacity() > needed * 4 {
                    shard.shrink_to(needed);
                }
            }
        }
    }
}

impl fmt::Debug for FenceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FenceToken")
            .field("key", &self.key)
            .field("current", &self.is_current())
            .finish_non_exhaustive()
    }
}

/// Keeps other writers of some keys out of the slow layers.
#[derive(Debug)]
#[must_use = "others are kept out only while the guard lives"]
pub struct WriteGuard {
    /// The token stands behind the lock, so that the key is in the table as long as its lock is held.
    _keys: SmallVec<[(OwnedMutexGuard<()>, FenceToken); 1]>,
    _slow: OwnedRwLockReadGuard<()>,
}

/// Keeps all writers out of the slow layers.
#[derive(Debug)]
#[must_use = "others are kept out only while the guard lives"]
pub struct WriteAllGuard {
    _slow: OwnedRwLockWriteGuard<()>,
}

/// Digests are as good as hashes.
#[derive(Default)]
pub(crate) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
    fn write_u128(&mut self, digest: u128) {
        self.0 = digest as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;
    use crate::runtime::poll_once;

    const KEY: KeyDigest = KeyDigest(7);
    const OTHER: KeyDigest = KeyDigest(8);

    #[test]
    fn an_invalidation_voids_what_began_before_it_and_nothing_else() {
        let fence = Fence::new();
        let before = fence.token(KEY);
        let other = fence.token(OTHER);
        fence.advance(KEY, || ());
        let after = fence.token(KEY);
        assert_eq!(before.commit(|| ()), None);
        assert!(other.is_current());
        assert_ne!(before.epoch(), after.epoch());
        assert_eq!(after.commit(|| 1), Some(1));
    }

    #[test]
    fn the_newer_write_stays() {
        let fence = Fence::new();
        let (slow, fast) = (fence.token(KEY), fence.token(KEY));
        assert_eq!(fast.copy(|| ()), Some(()));
        assert_eq!(fast.commit(|| ()), Some(()));
        assert_eq!(slow.commit(|| ()), None);
    }

    #[test]
    fn invalidating_everything_voids_every_token() {
        let fence = Fence::new();
        let token = fence.token(KEY);
        fence.advance_all(|| ());
        assert!(!token.is_current());
        assert!(fence.token(KEY).is_current());
    }

    #[test]
    fn the_table_is_empty_when_nothing_is_in_flight() {
        let fence = Fence::new();
        let tokens: Vec<_> = (0..1000).map(|i| fence.token(KeyDigest(i))).collect();
        assert_eq!(fence.watched(), 1000);
        drop(tokens);
        assert_eq!(fence.watched(), 0);
    }

    #[test]
    fn the_table_gives_back_what_a_burst_took() {
        let fence = Fence::new();
        let capacity = || -> usize {
            let shards = fence.0.shards.iter();
            shards.map(|shard| shard.lock().unwrap().capacity()).sum()
        };
        // Other shards go by the upper half.
        let key = |i: u128| KeyDigest(i << 64 | i);
        let tokens: Vec<_> = (0..100_000).map(|i| fence.token(key(i))).collect();
        assert!(capacity() >= 100_000);
        drop(tokens);
        assert!(capacity() < SHARDS * SPARE * 8);
    }

    #[test]
    fn a_clone_of_a_token_is_void_when_the_token_is() {
        let fence = Fence::new();
        let token = fence.token(KEY);
        let twin = token.clone();
        drop(token);
        assert!(twin.is_current());
        fence.advance(KEY, || ());
        assert_eq!(twin.clone().commit(|| ()), None);
        drop(twin);
        assert_eq!(fence.watched(), 0);
    }

    #[test]
    fn writers_of_several_keys_and_who_clears_never_wait_for_each_other_in_a_ring() {
        let fence = Fence::new();
        let mut other = pin!(fence.write([OTHER]));
        let other = poll_once(other.as_mut()).unwrap();
        // Holds its first key, and waits for the second.
        let mut both = pin!(fence.write([KEY, OTHER]));
        assert!(poll_once(both.as_mut()).is_none());
        let mut all = pin!(fence.write_all());
        assert!(poll_once(all.as_mut()).is_none());
        drop(other);
        // Whoever the lock prefers goes first, and then the other.
        match poll_once(all.as_mut()) {
            Some(all) => {
                drop(all);
                assert!(poll_once(both.as_mut()).is_some());
            }
            None => {
                drop(poll_once(both.as_mut()).unwrap());
                assert!(poll_once(all.as_mut()).is_some());
            }
        }
    }
}
