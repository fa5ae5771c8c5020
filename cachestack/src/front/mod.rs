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
    AnyValue, Changes, Clock, Entry, KeyDigest, Mark, Moment, Tally, TallyCell,
};

use self::slots::Slots;
use crate::cache::{Cache, Inner};

/// A thread has copies for so many pairs of a cache and a type of values.
const FRONTS: usize = 16;

/// So often there is no room for another before one makes room.
const PATIENCE: u32 = 256;

/// A value that the store keeps for as long as it wants.
pub(crate) type Unkept = Weak<dyn Any + Send + Sync>;

/// Which entry of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The arguments in short, the text of the key, or its digest.
    words: [u64; 3],
    /// The number of the function's instance.
    instance: u32,
}

impl Place {
    /// That of a key of which no other of the instance has the same numbers.
    #[inline]
    pub(crate) fn of(instance: u32, words: [u64; 3]) -> Self {
        Self { words, instance }
    }

    /// That of any key.
    pub(crate) fn of_digest(instance: u32, key: KeyDigest) -> Self {
        let [low, high] = key.halves();
        // No short text has that many bytes.
        let words = [low, high, u64::MAX];
        Self { words, instance }
    }
}

/// What a thread has at hand of an entry.
#[derive(Debug)]
pub enum Recalled<V> {
    /// The value.
    Hit(V),
    /// Nothing, but what the store has is to be.
    Missed,
    /// Nothing for now, and nothing is wanted.
    Rests,
}

impl<V> Recalled<V> {
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
    is_used: Weak<Inner>,
    changes: Changes,
    clock: Clock,
    /// Hits of the stack, which its top layer counts too.
    hits: TallyCell,
    copies: Copies,
}

/// The copies by the type of their values. Those that are frequent are known by their variant: to ask a box for the type of
/// what is in it takes a call, whose answer has to be waited for.
enum Copies {
    Unkept(Slots<Unkept>),
    U64(Slots<u64>),
    I64(Slots<i64>),
    U32(Slots<u32>),
    Bool(Slots<bool>),
    Other(Box<dyn Any>),
}

impl Copies {
    fn new<V: 'static>(most: usize) -> Self {
        fn known<V: 'static, T: 'static>(
            most: usize,
            of: fn(Slots<T>) -> Copies,
        ) -> Option<Copies> {
            (TypeId::of::<V>() == TypeId::of::<T>()).then(|| of(Slots::new(most)))
        }
        known::<V, _>(most, Self::Unkept)
            .or_else(|| known::<V, _>(most, Self::U64))
            .or_else(|| known::<V, _>(most, Self::I64))
            .or_else(|| known::<V, _>(most, Self::U32))
            .or_else(|| known::<V, _>(most, Self::Bool))
            .unwrap_or_else(|| Self::Other(Box::new(Slots::<V>::new(most))))
    }

    /// Those of that type, where they are.
    #[inline(always)]
    fn of<V: 'static>(&mut self) -> Option<&mut Slots<V>> {
        let slots: &mut dyn Any = match self {
            // Of each of these it is known when the program is compiled.
            Self::Unkept(slots) => return (slots as &mut dyn Any).downcast_mut(),
            Self::U64(slots) => return (slots as &mut dyn Any).downcast_mut(),
            Self::I64(slots) => return (slots as &mut dyn Any).downcast_mut(),
            Self::U32(slots) => return (slots as &mut dyn Any).downcast_mut(),
            Self::Bool(slots) => return (slots as &mut dyn Any).downcast_mut(),
            Self::Other(slots) => &mut **slots,
        };
        slots.downcast_mut()
    }
}

/// Where a function's copies were found last, and where its hits are counted.
struct Here {
    instance: u32,
    front: usize,
    hits: TallyCell,
}

struct AtHand {
    fronts: Vec<Front>,
    /// Which makes room next, when all are of caches that are used, and how often there was no room.
    next: usize,
    refused: u32,
    /// By the number of the instance: of those that share a place the last.
    functions: [Option<Here>; FUNCTIONS],
}

const FUNCTIONS: usize = 64;

thread_local! {
    static AT_HAND: RefCell<AtHand> = const {
        RefCell::new(AtHand {
            fronts: Vec::new(),
            next: 0,
            refused: 0,
            functions: [const { None }; FUNCTIONS],
        })
    };
}

impl AtHand {
    /// The number of the front with that type out of that cache.
    fn find<V: 'static>(&mut self, cache: u64) -> Option<usize> {
        let is_it = |front: &mut Front| front.cache == cache && front.copies.of::<V>().is_some();
        self.fronts.iter_mut().position(is_it)
    }

    /// The same, for a function from now on.
    #[cold]
    fn found<V: 'static>(&mut self, cache: u64, instance: u32, hits: &Tally) -> Option<()> {
        let here = Here {
            instance,
            front: self.find::<V>(cache)?,
            hits: hits.cell()?,
        };
        self.functions[instance as usize % FUNCTIONS] = Some(here);
        Some(())
    }

    #[cold]
    fn add<V: 'static>(&mut self, cache: &Cache, changes: &Changes) -> Option<usize> {
        if !self.has_room() {
            return None;
        }
        let front = Front {
            hits: cache.stack().hits_of_copies()?,
            cache: cache.number(),
            is_used: cache.is_used(),
            changes: changes.clone(),
            clock: cache.clock().clone(),
            copies: Copies::new::<V>(changes.most()),
        };
        if self.fronts.len() < FRONTS {
            self.fronts.push(front);
            return Some(self.fronts.len() - 1);
        }
        let place = self.next % FRONTS;
        self.next = place + 1;
        self.fronts[place] = front;
        Some(place)
    }

    /// Whether there is room for one more. Where all are of caches that are used, one goes now and then: more of them than
    /// there is room for must not make room for each other all the time.
    fn has_room(&mut self) -> bool {
        if self.fronts.len() == FRONTS {
            self.fronts.retain(|front| front.is_used.strong_count() > 0);
        }
        if self.fronts.len() < FRONTS {
            return true;
        }
        self.refused = self.refused.wrapping_add(1);
        self.refused % PATIENCE == 0
    }

    /// The same where another function, or another cache, was there last.
    #[inline(never)]
    fn find_and_recall<V: 'static, R>(
        &mut self,
        cache: u64,
        place: &Place,
        hits: &Tally,
        read: impl FnOnce(&V) -> Option<R>,
    ) -> Recalled<R> {
        let found = self.found::<V>(cache, place.instance, hits);
        let recalled = found.and_then(|()| self.recall(cache, place, read));
        recalled.unwrap_or(Recalled::Missed)
    }

    #[inline(always)]
    fn recall<V: 'static, R>(
        &mut self,
        cache: u64,
        place: &Place,
        read: impl FnOnce(&V) -> Option<R>,
    ) -> Option<Recalled<R>> {
        let here = self.functions[place.instance as usize % FUNCTIONS].as_ref();
        let here = here.filter(|it| it.instance == place.instance)?;
        let front = self.fronts.get_mut(here.front)?;
        if front.cache != cache {
            return None;
        }
        let copy = front
            .copies
            .of::<V>()?
            .look(place, &front.changes, &front.clock);
        let read = copy.map(read);
        if let Recalled::Hit(_) = read {
            front.hits.one_more();
            here.hits.one_more();
        }
        Some(read)
    }
}

impl Cache {
    /// What this thread has at hand. A hit is counted, for the function too.
    #[inline]
    pub(crate) fn recall<V: 'static, R>(
        &self,
        place: &Place,
        hits: &Tally,
        read: impl Fn(&V) -> Option<R>,
    ) -> Recalled<R> {
        if self.is_closed() {
            return Recalled::Rests;
        }
        let recalled = AT_HAND.try_with(|at_hand| {
            // A value's own code may be running here, and call a cached function.
            let Ok(mut at_hand) = at_hand.try_borrow_mut() else {
                return Recalled::Rests;
            };
            let cache = self.number();
            at_hand.recall(cache, place, &read).unwrap_or_else(|| {
                if self.stack().changes().is_none() {
                    return Recalled::Rests;
                }
                at_hand.find_and_recall(cache, place, hits, &read)
            })
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
            let front = at_hand.find::<V>(self.number());
            let Some(front) = front.or_else(|| at_hand.add::<V>(self, changes)) else {
                return;
            };
            if let Some(slots) = at_hand.fronts[front].copies.of::<V>() {
                slots.keep(place, stamp, until.unwrap_or(Moment::END), copy);
            }
        });
    }
}

/// The pointer to a value that does not keep it.
pub(crate) fn unkept(value: &AnyValue) -> Unkept {
    std::sync::Arc::downgrade(value)
}
