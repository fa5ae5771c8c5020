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
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::key::KeyDigest;

const SHARDS: usize = 16;

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
}

type Shard = HashMap<KeyDigest, Watched, BuildHasherDefault<DigestHasher>>;

#[derive(Default)]
struct Watched {
    epoch: u64,
    holders: usize,
    writers: Arc<tokio::sync::Mutex<()>>,
}

/// Where a key stood when a token was taken. Two equal epochs of one key have no invalidation between
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch {
    key: u64,
    everything: u64,
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
        }
    }

    /// Voids every token of the key that was taken before, and runs `change` in the same step.
    pub fn advance<R>(&self, key: KeyDigest, change: impl FnOnce() -> R) -> R {
        let mut shard = self.shard(key);
        if let Some(watched) = shard.get_mut(&key) {
            watched.epoch += 1;
        }
        change()
    }

    /// Voids every token that was taken before, and returns when no insert under an older one is still
    /// going on in memory.
    pub fn advance_all(&self) {
        self.0.everything.fetch_add(1, Ordering::SeqCst);
        for shard in &self.0.shards {
            drop(shard.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Waits until nobody else writes this key to slow layers, and keeps others out until the guard is
    /// dropped.
    pub async fn write(&self, key: KeyDigest) -> WriteGuard {
        let token = self.token(key);
        let writers = {
            let mut shard = self.shard(key);
            Arc::clone(&shard.entry(key).or_default().writers)
        };
        // Everyone takes the two locks in this order, so they cannot wait for each other in a ring.
        let key = writers.lock_owned().await;
        let slow = Arc::clone(&self.0.slow_writes).read_owned().await;
        WriteGuard {
            _key: key,
            _slow: slow,
            _token: token,
        }
    }

    /// Waits until nobody writes to slow layers, and keeps all writers out until the guard is dropped.
    pub async fn write_all(&self) -> WriteAllGuard {
        WriteAllGuard {
            _slow: Arc::clone(&self.0.slow_writes).write_owned().await,
        }
    }

    /// How many keys are being watched: 0 when nothing is in flight.
    pub fn watched(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.0.shards.iter().map(len).sum()
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

    /// Whether nothing has voided the token yet.
    pub fn is_current(&self) -> bool {
        let shard = self.fence.shard(self.key);
        self.holds_in(&shard)
    }

    /// Runs `insert` unless the token is void, in one step with the check. Like any newer write, what
    /// was inserted voids every token of the key, this one too.
    pub fn commit<R>(&self, insert: impl FnOnce() -> R) -> Option<R> {
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
        let shard = self.fence.shard(self.key);
        self.holds_in(&shard).then(insert)
    }

    fn holds_in(&self, shard: &Shard) -> bool {
        shard
            .get(&self.key)
            .is_some_and(|watched| self.fence.epoch_of(watched) == self.epoch)
    }
}

impl Drop for FenceToken {
    fn drop(&mut self) {
        let mut shard = self.fence.shard(self.key);
        if let Some(watched) = shard.get_mut(&self.key) {
            watched.holders -= 1;
            if watched.holders == 0 {
                shard.remove(&self.key);
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

/// Keeps other writers of one key out of the slow layers.
#[derive(Debug)]
#[must_use = "others are kept out only while the guard lives"]
pub struct WriteGuard {
    _key: OwnedMutexGuard<()>,
    _slow: OwnedRwLockReadGuard<()>,
    /// Last, so that the key stays in the table as long as its lock is held.
    _token: FenceToken,
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
    use super::*;

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
        fence.advance_all();
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
}
