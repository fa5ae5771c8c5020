//! The policies with a strict order: whatever ranks lowest goes first.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::EvictionPolicy;
use super::store::{Inserted, Limits, Stored};
use crate::clock::Moment;
use crate::fence::DigestHasher;
use crate::key::KeyDigest;

/// From this many entries on the map is divided, and the order is strict within each part.
const DIVIDED: usize = 1024;
const SHARDS: usize = 16;

/// What an entry is worth to its policy; the second number breaks ties by age.
type Rank = (Worth, u64);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// Of `Lru`: its last use, which the tie-break holds.
    Recent,
    /// Of `Lfu`: how often it was used.
    Used(u64),
    /// Of `Ttl`: when it ends.
    Ends(Moment),
    /// Of `Ttl`: never.
    Endless,
}

pub(super) struct Ordered {
    policy: EvictionPolicy,
    shards: Box<[Mutex<Shard>]>,
}

#[derive(Default)]
struct Shard {
    limit: usize,
    weight_limit: Option<u64>,
    map: HashMap<KeyDigest, Ranked, BuildHasherDefault<DigestHasher>>,
    order: BTreeMap<Rank, KeyDigest>,
    weight: u64,
    uses: u64,
}

struct Ranked {
    stored: Arc<Stored>,
    rank: Rank,
}

impl Ordered {
    pub(super) fn new(policy: EvictionPolicy, limits: Limits) -> Self {
        // One heavy entry may need all of the weight, so a map with such a limit stays whole.
        let whole = limits.entries < DIVIDED || limits.weight.is_some();
        let shards = if whole { 1 } else { SHARDS };
        let shard = |index| {
            Mutex::new(Shard {
                limit: limits.entries / shards + usize::from(index < limits.entries % shards),
                weight_limit: limits.weight,
                ..Shard::default()
            })
        };
        Self {
            policy,
            shards: (0..shards).map(shard).collect(),
        }
    }

    fn shard(&self, key: KeyDigest) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(key.0 >> 64) as usize % self.shards.len()])
    }

    pub(super) fn get(&self, key: KeyDigest) -> Option<Arc<Stored>> {
        self.shard(key).touch(key, self.policy)
    }

    pub(super) fn look(&self, key: KeyDigest) -> Option<Arc<Stored>> {
        self.shard(key)
            .map
            .get(&key)
            .map(|it| Arc::clone(&it.stored))
    }

    pub(super) fn insert(&self, key: KeyDigest, stored: Arc<Stored>) -> Inserted {
        self.shard(key).insert(key, stored, self.policy)
    }

    pub(super) fn remove_if(&self, key: KeyDigest, which: impl FnOnce(&Stored) -> bool) -> bool {
        let mut shard = self.shard(key);
        let found = shard.map.get(&key).is_some_and(|it| which(&it.stored));
        found && shard.remove(key).map(Ranked::drop_later).is_some()
    }

    pub(super) fn retain(&self, mut keep: impl FnMut(&Stored) -> bool) -> u64 {
        let mut removed = 0;
        for shard in &self.shards {
            let mut shard = lock(shard);
            let gone: Vec<KeyDigest> = shard
                .map
                .iter()
                .filter(|(_, it)| !keep(&it.stored))
                .map(|(key, _)| *key)
                .collect();
            removed += gone.len() as u64;
            gone.into_iter()
                .filter_map(|key| shard.remove(key))
                .for_each(Ranked::drop_later);
        }
        removed
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).map.len()).sum()
    }

    pub(super) fn weight(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).weight).sum()
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ranked {
    fn drop_later(self) {
        self.stored.drop_later();
    }
}

impl Shard {
    fn touch(&mut self, key: KeyDigest, policy: EvictionPolicy) -> Option<Arc<Stored>> {
        self.uses += 1;
        let found = self.map.get_mut(&key)?;
        let worth = match (policy, found.rank.0) {
            // When it ends does not change by reading it.
            (EvictionPolicy::Ttl, _) => return Some(Arc::clone(&found.stored)),
            (_, Worth::Used(times)) => Worth::Used(times + 1),
            (_, worth) => worth,
        };
        self.order.remove(&found.rank);
        found.rank = (worth, self.uses);
        self.order.insert(found.rank, key);
        Some(Arc::clone(&found.stored))
    }

    fn insert(&mut self, key: KeyDigest, stored: Arc<Stored>, policy: EvictionPolicy) -> Inserted {
        let before = self.remove(key);
        let times_before = before.as_ref().map(|it| it.rank.0);
        before.into_iter().for_each(Ranked::drop_later);
        if self.weight_limit.is_some_and(|most| stored.weight > most) {
            return Inserted::TooHeavy;
        }
        let evicted = self.make_room(stored.weight);
        self.uses += 1;
        let worth = match policy {
            EvictionPolicy::Lfu => Worth::Used(match times_before {
                Some(Worth::Used(times)) => times + 1,
                _ => 0,
            }),
            EvictionPolicy::Ttl => stored
                .entry
                .expires_at()
                .map_or(Worth::Endless, Worth::Ends),
            _ => Worth::Recent,
        };
        let rank = (worth, self.uses);
        self.weight += stored.weight;
        self.order.insert(rank, key);
        self.map.insert(key, Ranked { stored, rank });
        Inserted::Kept { evicted }
    }

    fn make_room(&mut self, weight: u64) -> u64 {
        let mut evicted = 0;
        while self.map.len() >= self.limit
            || self
                .weight_limit
                .is_some_and(|most| self.weight.saturating_add(weight) > most)
        {
            let Some((_, key)) = self.order.pop_first() else {
                break;
            };
            self.remove(key).into_iter().for_each(Ranked::drop_later);
            evicted += 1;
        }
        evicted
    }

    fn remove(&mut self, key: KeyDigest) -> Option<Ranked> {
        let removed = self.map.remove(&key)?;
        self.order.remove(&removed.rank);
        self.weight -= removed.stored.weight;
        Some(removed)
    }
}
