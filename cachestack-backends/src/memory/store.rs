//! What a map of entries must do, and which one serves a policy.

use std::sync::Arc;

use super::config::EvictionPolicy;
use super::ordered::Ordered;
use super::s3fifo::S3Fifo;
use crate::changes::Changes;
use crate::clock::Moment;
use crate::entry::Entry;
use crate::key::KeyDigest;
use crate::runtime::drop_value_later;

/// One entry with what the store must know of it. A map has it behind a pointer: who reads it holds that, and clones
/// nothing of it.
pub(crate) struct Stored {
    pub(crate) entry: Entry,
    /// Which namespace it is in: the halves of its digest, which take less room than their number.
    pub(super) space: [u64; 2],
    pub(super) weight: u64,
}

impl Stored {
    /// Drops the value when no lock is held any more.
    pub(super) fn drop_later(self: Arc<Self>) {
        drop_value_later(self);
    }

    /// Whether a reader may have it. That what it depends on was invalidated is left to the stack to find
    /// when it reads, which counts that.
    pub(super) fn is_live(&self, now: Moment) -> bool {
        self.entry.is_live(now) && !self.entry.is_outdated()
    }
}

/// How much a store may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) entries: usize,
    pub(super) weight: Option<u64>,
}

/// What an insertion did.
pub(super) enum Inserted {
    /// The entry is in, and so many others had to go.
    Kept { evicted: u64 },
    /// The entry is heavier than the store takes. Nothing is left under its key.
    TooHeavy,
}

/// A bounded map that drops by a policy what has no more room.
pub(super) enum Store {
    S3Fifo(S3Fifo),
    Ordered(Ordered),
}

impl Store {
    /// `at_hand` is how many copies of its entries a thread may keep.
    pub(super) fn new(policy: EvictionPolicy, limits: Limits, at_hand: usize) -> Self {
        match policy {
            // With a single entry there is nothing to choose, and `S3Fifo` would not give it all the weight.
            EvictionPolicy::S3Fifo if limits.entries > 1 => {
                Self::S3Fifo(S3Fifo::new(limits, at_hand))
            }
            EvictionPolicy::S3Fifo => Self::Ordered(Ordered::new(EvictionPolicy::Lru, limits)),
            policy => Self::Ordered(Ordered::new(policy, limits)),
        }
    }

    /// What copies are compared with. A policy with a strict order must see every hit.
    pub(super) fn changes(&self) -> Option<&Changes> {
        match self {
            Self::S3Fifo(store) => store.changes(),
            Self::Ordered(_) => None,
        }
    }

    /// Looks up as a reader does, which the policy takes note of.
    #[inline]
    pub(super) fn get(&self, key: KeyDigest) -> Option<Arc<Stored>> {
        match self {
            Self::S3Fifo(store) => store.get(key),
            Self::Ordered(store) => store.get(key),
        }
    }

    /// Looks up without the policy taking note.
    pub(super) fn look(&self, key: KeyDigest) -> Option<Arc<Stored>> {
        match self {
            Self::S3Fifo(store) => store.look(key),
            Self::Ordered(store) => store.look(key),
        }
    }

    pub(super) fn insert(&self, key: KeyDigest, stored: Arc<Stored>) -> Inserted {
        match self {
            Self::S3Fifo(store) => store.insert(key, stored),
            Self::Ordered(store) => store.insert(key, stored),
        }
    }

    /// Removes the entry when it is such a one, and says whether it did.
    pub(super) fn remove_if(&self, key: KeyDigest, which: impl FnOnce(&Stored) -> bool) -> bool {
        match self {
            Self::S3Fifo(store) => store.remove_if(key, which),
            Self::Ordered(store) => store.remove_if(key, which),
        }
    }

    /// Keeps only such entries, and says how many went.
    pub(super) fn retain(&self, keep: impl FnMut(&Stored) -> bool) -> u64 {
        match self {
            Self::S3Fifo(store) => store.retain(keep),
            Self::Ordered(store) => store.retain(keep),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::S3Fifo(store) => store.len(),
            Self::Ordered(store) => store.len(),
        }
    }

    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::S3Fifo(store) => store.weight(),
            Self::Ordered(store) => store.weight(),
        }
    }
}
