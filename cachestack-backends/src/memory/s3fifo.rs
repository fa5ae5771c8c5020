//! The default policy, over `quick_cache`.

use std::cell::{Cell, RefCell};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use super::store::{Inserted, Limits, Stored};
use crate::changes::Changes;
use crate::fence::DigestHasher;
use crate::key::KeyDigest;

/// Up to this weight the map is not divided, so that one entry may take nearly all of it.
const UNDIVIDED: u64 = 256 << 20;

type Hashed = BuildHasherDefault<DigestHasher>;

/// The part of the map that is for entries in steady use; none may be heavier.
const HOT: f64 = 0.97;

pub(super) struct S3Fifo {
    map: Cache<KeyDigest, Arc<Stored>, ByWeight, Hashed, Evictions>,
    /// The heaviest entry it takes, where entries weigh something.
    heaviest: Option<u64>,
    /// Told of all that leaves the map, once it has.
    changes: Option<Changes>,
}

impl S3Fifo {
    pub(super) fn new(limits: Limits, at_hand: usize) -> Self {
        let by_entries = ByWeight { least: None };
        let (weighter, capacity, shards) = match limits.weight {
            None => (by_entries, limits.entries as u64, None),
            // The map has one limit. Where no entry counts for less than its share of the weight, the
            // weight limits the number too.
            Some(weight) => {
                let least = weight.div_ceil(limits.entries as u64).max(1);
                let shards = if weight < UNDIVIDED { 1 } else { 8 };
                (ByWeight { least: Some(least) }, weight, Some(shards))
            }
        };
        let build = |capacity| {
            let mut options = OptionsBuilder::new();
            options
                .weight_capacity(capacity)
                .hot_allocation(HOT)
                .estimated_items_capacity(limits.entries.min(1 << 16));
            // A map of few entries is not divided either: each part would hold too few.
            if let Some(shards) = shards.or((limits.entries < 1024).then_some(1)) {
                options.shards(shards);
            }
            let Ok(options) = options.build() else {
                unreachable!("both capacities are set")
            };
            Cache::with_options(options, weighter.clone(), Hashed::default(), Evictions)
        };
        // Each part rounds its share up: of what does not divide they would hold more than they may.
        let parts = build(capacity).num_shards() as u64;
        let map = build(capacity / parts * parts);
        let heaviest = (map.shard_capacity() as f64 * HOT) as u64;
        Self {
            map,
            heaviest: limits.weight.map(|_| heaviest.max(1)),
            changes: (at_hand > 0).then(|| Changes::new(at_hand)),
        }
    }

    pub(super) fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    #[inline]
    pub(super) fn get(&self, key: KeyDigest) -> Option<Arc<Stored>> {
        self.map.get(&key)
    }

    pub(super) fn look(&self, key: KeyDigest) -> Option<Arc<Stored>> {
        self.map.peek(&key)
    }

    pub(super) fn insert(&self, key: KeyDigest, stored: Arc<Stored>) -> Inserted {
        if self.heaviest.is_some_and(|most| stored.weight > most) {
            self.remove_if(key, |_| true);
            return Inserted::TooHeavy;
        }
        let spare = self.heaviest.map(|_| Arc::clone(&stored));
        let mut gone = Evicted::default();
        self.map.insert_with_lifecycle(key, stored, &mut gone);
        // What was replaced is reported like an eviction. A second report is of the entry itself: it grew
        // in its place and did not fit there. A new one gets its place first.
        let of_this_key = |gone: &Evicted| gone.0.iter().filter(|it| it.0 == key).count();
        if let (true, Some(stored)) = (of_this_key(&gone) > 1, spare) {
            self.map.insert_with_lifecycle(key, stored, &mut gone);
        }
        let evicted = (gone.0.len() - of_this_key(&gone)) as u64;
        if let Some(changes) = &self.changes {
            gone.0.iter().for_each(|(key, _)| changes.left(*key));
            changes.evicted(evicted, || self.map.len());
        }
        gone.0.into_iter().for_each(|(_, gone)| gone.drop_later());
        Inserted::Kept { evicted }
    }

    pub(super) fn remove_if(&self, key: KeyDigest, which: impl FnOnce(&Stored) -> bool) -> bool {
        let removed = self.map.remove_if(&key, |stored| which(stored));
        if let (Some(changes), Some(_)) = (&self.changes, &removed) {
            changes.left(key);
        }
        removed.map(|(_, gone)| gone.drop_later()).is_some()
    }

    pub(super) fn retain(&self, keep: impl FnMut(&Stored) -> bool) -> u64 {
        // The map asks through a shared reference, one entry after the other.
        let keep = RefCell::new(keep);
        let removed = Cell::new(0);
        self.map.retain(|_, stored| {
            let kept = (keep.borrow_mut())(stored);
            if !kept {
                removed.set(removed.get() + 1);
                // The map drops its own clone under its lock.
                Arc::clone(stored).drop_later();
            }
            kept
        });
        if let (Some(changes), true) = (&self.changes, removed.get() > 0) {
            changes.all_left();
        }
        removed.get()
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    pub(super) fn weight(&self) -> u64 {
        match self.heaviest {
            Some(_) => self.map.iter().map(|(_, stored)| stored.weight).sum(),
            None => 0,
        }
    }
}

/// Counts each entry as one, or by its weight but for no less than its share.
#[derive(Clone)]
struct ByWeight {
    least: Option<u64>,
}

impl Weighter<KeyDigest, Arc<Stored>> for ByWeight {
    fn weight(&self, _: &KeyDigest, stored: &Arc<Stored>) -> u64 {
        self.least.map_or(1, |least| stored.weight.max(least))
    }
}

/// Takes note of which entries had to go.
#[derive(Clone)]
struct Evictions;

/// The entries themselves, to be dropped when no lock is held any more.
#[derive(Default)]
struct Evicted(smallvec::SmallVec<[(KeyDigest, Arc<Stored>); 1]>);

impl Lifecycle<KeyDigest, Arc<Stored>> for Evictions {
    type RequestState = Evicted;

    fn on_evict(&self, state: &mut Evicted, key: KeyDigest, stored: Arc<Stored>) {
        state.0.push((key, stored));
    }
}
