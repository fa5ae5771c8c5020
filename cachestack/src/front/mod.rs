//! What a thread keeps at hand of what its caches have in memory, so that threads that hit the same entries do not meet.
//!
//! A copy is good for as long as the numbers that its stamp sums up stay (`changes.rs` of the backends) and until the
//! moment from which its function has to look at the entry's times; then the store is asked, and a new copy taken.
//! So whatever removes, replaces, evicts or outdates an entry reaches its copies without knowing of them.
//!
//! A value that needs no `Drop` and is small is copied itself. Of any other the copy is a pointer that does not keep it.
//!
//! | file | what is in it |
//! |---|---|
//! | `slots.rs` | [`Slots`]: the copies of one type of values |

mod slots;

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::sync::Weak;

use cachestack_backends::{
    AnyValue, Changes, Clock, Entry, KeyDigest, KeyText, Mark, Moment, TallyCell,
};

use self::slots::Slots;
use crate::cache::{Cache, Inner};

/// A thread has copies for so many pairs of a cache and a type of values.
const FRONTS: usize = 16;

/// A value that the store keeps for as long as it wants.
pub(crate) type Unkept = Weak<dyn Any + Send + Sync>;

/// Which entry of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// What the key goes on with behind what the function's keys begin with, or its digest.
    words: [u64; 4],
    /// The number of the function's instance.
    instance: u32,
}

impl Place {
    /// That of a key which goes on with a short text behind what all keys of the instance have in common.
    #[inline]
    pub(crate) fn of(instance: u32, text: &KeyText) -> Option<Self> {
        let words = text.in_numbers()?;
        Some(Self { words, instance })
    }

    /// That of any key.
    pub(crate) fn of_digest(instance: u32, key: KeyDigest) -> Self {
        let [low, high] = key.halves();
        // No short text has that many bytes.
        let words = [low, high, 0, u64::MAX];
        Self { words, instance }
    }
}

/// What a thread has at hand of an entry.
#[derive(Debug)]
pub(crate) enum Recalled<V> {
    Hit(V),
    Missed,
    /// Nothing for now, and nothing is wanted.
    Rests,
}

impl<V> Recalled<V> {
    #[inline]
    pub(crate) fn is_missed(&self) -> bool {
        matches!(self, Self::Missed)
    }

    #[inline]
    pub(crate) fn map<R>(self, map: impl FnOnce(V) -> Option<R>) -> Recalled<R> {
        match self {
            Self::Hit(value) => map(value).map_or(Recalled::Missed, Recalled::Hit),
            Self::Missed => Recalled::Missed,
            Self::Rests => Recalled::Rests,
        }
    }
}

/// The copies of one type of values out of one cache.
struct Front {
    /// The number of the cache.
    cache: u64,
    values: TypeId,
    is_used: Weak<Inner>,
    changes: Changes,
    clock: Clock,
    /// Hits of the stack and of its top layer.
    hits: [TallyCell; 2],
    slots: Box<dyn Any>,
}

impl Front {
    #[inline]
    fn is_of<V: 'static>(&self, cache: u64) -> bool {
        self.cache == cache && self.values == TypeId::of::<V>()
    }
}

/// A front whose type of values is known.
struct Of<'a, V> {
    slots: &'a mut Slots<V>,
    changes: &'a Changes,
    clock: &'a Clock,
    hits: &'a [TallyCell; 2],
}

#[derive(Default)]
struct AtHand {
    fronts: Vec<Front>,
    /// Which was used last.
    last: usize,
    /// Which makes room next.
    next: usize,
}

thread_local! {
    static AT_HAND: RefCell<AtHand> = const {
        RefCell::new(AtHand { fronts: Vec::new(), last: 0, next: 0 })
    };
}

impl AtHand {
    /// The copies of that type out of that cache.
    #[inline]
    fn front<V: 'static>(&mut self, cache: u64) -> Option<Of<'_, V>> {
        let last = self.fronts.get(self.last);
        if !last.is_some_and(|front| front.is_of::<V>(cache)) {
            let is_it = |front: &Front| front.is_of::<V>(cache);
            self.last = self.fronts.iter().position(is_it)?;
        }
        let front = self.fronts.get_mut(self.last)?;
        Some(Of {
            slots: front.slots.downcast_mut()?,
            changes: &front.changes,
            clock: &front.clock,
            hits: &front.hits,
        })
    }

    #[cold]
    fn add<V: 'static>(&mut self, cache: &Cache, changes: &Changes) {
        let Some(hits) = cache.stack().hits_of_copies() else {
            return;
        };
        let front = Front {
            hits,
            values: TypeId::of::<V>(),
            cache: cache.number(),
            is_used: cache.is_used(),
            changes: changes.clone(),
            clock: cache.clock().clone(),
            slots: Box::new(Slots::<V>::new(changes.most())),
        };
        if self.fronts.len() == FRONTS {
            self.fronts.retain(|front| front.is_used.strong_count() > 0);
        }
        self.last = match self.fronts.len() {
            FRONTS => {
                self.next = (self.next + 1) % FRONTS;
                self.fronts[self.next] = front;
                self.next
            }
            len => {
                self.fronts.push(front);
                len
            }
        };
    }
}

impl Cache {
    /// What this thread has at hand.
    #[inline]
    pub(crate) fn recall<V: 'static, R>(
        &self,
        place: &Place,
        read: impl FnOnce(&V) -> Option<R>,
    ) -> Recalled<R> {
        if self.stack().changes().is_none() || self.is_closed() {
            return Recalled::Rests;
        }
        let recalled = AT_HAND.try_with(|at_hand| {
            // A value's own code may be running here, and call a cached function.
            let Ok(mut at_hand) = at_hand.try_borrow_mut() else {
                return Recalled::Rests;
            };
            let Some(front) = at_hand.front::<V>(self.number()) else {
                return Recalled::Missed;
            };
            let copy = front.slots.look(place, |stamp, until| {
                front.changes.is_current(stamp)
                    && until.is_none_or(|until| front.clock.is_well_before(until))
            });
            let read = copy.map(read);
            if let Recalled::Hit(_) = read {
                front.hits[0].one_more();
                front.hits[1].one_more();
            }
            read
        });
        recalled.unwrap_or(Recalled::Rests)
    }

    /// Keeps a copy of what was read from an entry after the mark was taken.
    pub(crate) fn remember<V: 'static>(
        &self,
        place: &Place,
        mark: Mark,
        entry: &Entry,
        until: Option<Moment>,
        copy: V,
    ) {
        let (Some(changes), Some(stamp)) = (self.stack().changes(), mark.stamp(entry)) else {
            return;
        };
        let _ended = AT_HAND.try_with(|at_hand| {
            let Ok(mut at_hand) = at_hand.try_borrow_mut() else {
                return;
            };
            if at_hand.front::<V>(self.number()).is_none() {
                at_hand.add::<V>(self, changes);
            }
            if let Some(front) = at_hand.front::<V>(self.number()) {
                front.slots.keep(place, stamp, until, copy);
            }
        });
    }
}

/// The pointer to a value that does not keep it.
pub(crate) fn unkept(value: &AnyValue) -> Unkept {
    std::sync::Arc::downgrade(value)
}
