//! How a memory store tells those who keep copies of its entries that they are copies no more.
//!
//! Nobody is called: a store raises numbers that it shares, and who has a copy compares them with what they were when
//! the copy was taken. All of them are read far more often than they are raised, so that many threads can look at once.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::entry::Entry;
use crate::generation::ended;
use crate::key::KeyDigest;
use crate::stats::Tally;

/// Keys share so many numbers. Of 32 bits each, so that a copy mistakes a change for none after 2^32 of them, in one
/// number, between two looks.
const STRIPES: usize = 2_048;

/// What a memory store shares with those who keep copies of its entries.
#[doc(hidden)]
#[derive(Clone)]
pub struct Changes(Arc<Shared>);

struct Shared {
    /// How often anything that is no longer in the store left it, by key.
    stripes: [AtomicU32; STRIPES],
    /// Raised whenever evictions have replaced a part of the store: who reads a copy is to read the entry itself
    /// again, so that the store learns what is in use.
    turn: AtomicU32,
    evicted: AtomicU64,
    /// How many evictions there have been when it is raised next.
    turns_at: AtomicU64,
    /// How many copies a thread may keep.
    most: usize,
    hits: Mutex<Hits>,
}

/// Look-ups that were answered by copies.
#[derive(Default)]
struct Hits {
    /// By who keeps them.
    by: Vec<Arc<Tally>>,
    /// Of those who keep none any more.
    ended: u64,
}

/// Where the entry under a key stands.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    stripe: u16,
    sum: u32,
}

/// What shows whether a copy still is one.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    stripe: u16,
    /// What the entry depends on, by the numbers that are raised when it ends: [`ended::Places`] without a gap.
    first: [u8; 2],
    others: u32,
    sum: u32,
}

impl Changes {
    /// Nothing has changed yet.
    #[allow(dead_code, reason = "for memory")]
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            stripes: std::array::from_fn(|_| AtomicU32::new(0)),
            turn: AtomicU32::new(0),
            evicted: AtomicU64::new(0),
            turns_at: AtomicU64::new(0),
            most,
            hits: Mutex::default(),
        }))
    }

    /// How many copies a thread may keep.
    pub fn most(&self) -> usize {
        self.0.most
    }

    /// Where the entry under a key stands; to be asked before it is read.
    #[inline]
    pub fn mark(&self, key: KeyDigest) -> Mark {
        let stripe = (key.low() as usize % STRIPES) as u16;
        Mark {
            stripe,
            sum: self.sum(stripe),
        }
    }

    /// Whether a copy with that stamp is one.
    #[inline(always)]
    pub fn is_current(&self, stamp: &Stamp) -> bool {
        let Stamp { first, others, .. } = *stamp;
        let ended = ended::sum(ended::Places { first, others });
        self.sum(stamp.stripe).wrapping_add(ended) == stamp.sum
    }

    /// All numbers only grow, so the sum stays only if each of them does.
    #[inline(always)]
    fn sum(&self, stripe: u16) -> u32 {
        let changes = self.0.stripes[usize::from(stripe) % STRIPES].load(Ordering::Acquire);
        changes.wrapping_add(self.0.turn.load(Ordering::Acquire))
    }

    /// Where one who keeps copies counts look-ups that they answer.
    pub(crate) fn count_hits(&self) -> Arc<Tally> {
        let tally = Arc::new(Tally::new());
        let mut hits = self.0.hits.lock().unwrap_or_else(PoisonError::into_inner);
        let Hits { by, ended } = &mut *hits;
        // Many may come and go above one store.
        by.retain(|tally| {
            let is_used = Arc::strong_count(tally) > 1;
            *ended += if is_used { 0 } else { tally.get() };
            is_used
        });
        by.push(Arc::clone(&tally));
        tally
    }

    /// How many there were.
    pub fn hits(&self) -> u64 {
        let hits = self.0.hits.lock().unwrap_or_else(PoisonError::into_inner);
        hits.ended + hits.by.iter().map(|hits| hits.get()).sum::<u64>()
    }

    /// What was under the key is not in the store any more: to be said when it is gone, before anybody is told so.
    #[allow(dead_code, reason = "for memory")]
    pub(crate) fn left(&self, key: KeyDigest) {
        self.0.stripes[key.low() as usize % STRIPES].fetch_add(1, Ordering::AcqRel);
    }

    /// Whatever was in the store may not be any more.
    #[allow(dead_code, reason = "for memory")]
    pub(crate) fn all_left(&self) {
        for stripe in &self.0.stripes {
            stripe.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// So many entries had to make room in a store, whose size is asked for only when it is a turn: by weight it may
    /// have far fewer entries than it could.
    #[allow(dead_code, reason = "for memory")]
    pub(crate) fn evicted(&self, count: u64, entries: impl FnOnce() -> usize) {
        if count == 0 {
            return;
        }
        let shared = &self.0;
        let evicted = shared.evicted.fetch_add(count, Ordering::Relaxed) + count;
        let turns_at = shared.turns_at.load(Ordering::Relaxed);
        if evicted < turns_at {
            return;
        }
        let next = evicted + (entries() as u64 / 16).max(1);
        let is_first =
            shared
                .turns_at
                .compare_exchange(turns_at, next, Ordering::Relaxed, Ordering::Relaxed);
        if is_first.is_ok() {
            self.turn();
        }
    }

    /// No copy that was taken before is one any more.
    pub fn turn(&self) {
        self.0.turn.fetch_add(1, Ordering::AcqRel);
    }
}

impl Mark {
    /// What a copy of the entry is to be compared with, when it was read after the mark was taken; `None` where it is
    /// outdated already, or depends on too much.
    pub fn stamp(self, entry: &Entry) -> Option<Stamp> {
        let ends = ended::places(entry.lives())?;
        // The sum first: what ends from now on changes it, what ended before shows.
        let sum = self.sum.wrapping_add(ended::sum(ends));
        (!entry.is_outdated()).then_some(Stamp {
            stripe: self.stripe,
            first: ends.first,
            others: ends.others,
            sum,
        })
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("most", &self.0.most)
            .field("turn", &self.0.turn)
            .field("hits", &self.hits())
            .finish_non_exhaustive()
    }
}
