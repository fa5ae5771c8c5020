//! What a thread keeps at hand of what its caches have in memory, so that threads that hit the same entries do not meet.
//!
//! A copy is good for as long as the numbers that its stamp sums up stay (`changes.rs` of the backends) and until the
//! moment from which its function has to look at the entry's times; then the store is asked, and a new copy taken.
//! So whatever removes, replaces, evicts or outdates an entry reaches its copies without knowing of them.
//!
//! An entry is known by what the arguments of its function are in short, in 23 bytes or else in 63, or else by its digest.
//!
//! A value that needs no `Drop` and is small is copied itself. Of any other the copy is a pointer that does not keep it.
//!
//! | file | what is in it |
//! |---|---|
//! | `copies.rs` | [`Both`]: the copies of one front, by the type of their values |
//! | `slots.rs` | [`Slots`]: a table of copies |
//! | `worth.rs` | [`Worth`](worth::Worth): whether they are left alone, because they are hardly ever used |

mod copies;
mod slots;
mod worth;

use std::any::Any;
use std::cell::RefCell;
use std::sync::Weak;

use cachestack_backends::{
    AnyValue, Changes, Clock, Entry, KeyDigest, Limit, Mark, Moment, Tally, TallyCell,
};

use self::copies::Both;
use self::slots::Slots;
use crate::cache::{Cache, Inner};

/// A thread has copies for so many pairs of a cache and a type of values.
const FRONTS: usize = 16;

/// So often there is no room for another before one makes room.
const PATIENCE: u32 = 256;

/// A value that the store keeps for as long as it wants.
pub(crate) type Unkept = Weak<dyn Any + Send + Sync>;

/// So many numbers a place has.
pub(crate) const SHORT: usize = 3;
/// Or so many.
pub(crate) const LONG: usize = 8;

/// Which entry of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Short(Spot<SHORT>),
    Long(Spot<LONG>),
}

/// Which entry of those that so many numbers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot<const N: usize> {
    /// The arguments in short, the text of the key, or its digest.
    words: [u64; N],
    /// The number of the function's instance.
    instance: u32,
}

impl<const N: usize> Spot<N> {
    /// That of a key of which no other of the instance has the same numbers.
    #[inline]
    pub(crate) fn of(instance: u32, words: [u64; N]) -> Self {
        Self { words, instance }
    }

    /// What [`of`](Self::of) takes.
    #[inline]
    pub(crate) fn parts(&self) -> (u32, [u64; N]) {
        (self.instance, self.words)
    }
}

impl Place {
    /// That of any key.
    pub(crate) fn of_digest(instance: u32, key: KeyDigest) -> Self {
        let [low, high] = key.halves();
        // No short text has that many bytes.
        Self::Short(Spot::of(instance, [low, high, u64::MAX]))
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
    /// Where the cache is, and no other for as long as this is held.
    at: *const Inner,
    cache: Weak<Inner>,
    changes: Changes,
    clock: Clock,
    /// Hits of the stack, which its top layer counts too.
    hits: TallyCell,
    copies: Both,
}

/// Where a function's copies were found last, and where its hits are counted.
struct Here {
    instance: u32,
    front: usize,
    hits: TallyCell,
}

struct AtHand {
    fronts: [Option<Front>; FRONTS],
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
            fronts: [const { None }; FRONTS],
            next: 0,
            refused: 0,
            functions: [const { None }; FUNCTIONS],
        })
    };
}

impl AtHand {
    /// The number of the front with that type out of that cache.
    fn find<V: 'static>(&mut self, cache: &Cache) -> Option<usize> {
        let is_it =
            |front: &mut Front| front.at == cache.at() && front.copies.short::<V>().is_some();
        let mut fronts = self.fronts.iter_mut();
        fronts.position(|front| front.as_mut().is_some_and(is_it))
    }

    /// The same, for a function from now on.
    #[cold]
    fn found<V: 'static>(&mut self, cache: &Cache, instance: u32, hits: &Tally) -> Option<()> {
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
        let place = self.room()?;
        let front = Front {
            hits: cache.stack().hits_of_copies()?,
            at: cache.at(),
            cache: cache.unkept(),
            changes: changes.clone(),
            clock: cache.clock().clone(),
            copies: Both::new::<V>(changes.most()),
        };
        self.fronts[place] = Some(front);
        Some(place)
    }

    /// Where there is room for one more. Where all are of caches that are used, one goes now and then: more of them than
    /// there is room for must not make room for each other all the time.
    fn room(&mut self) -> Option<usize> {
        if self.fronts.iter().all(Option::is_some) {
            for front in &mut self.fronts {
                front.take_if(|front| front.cache.strong_count() == 0);
            }
        }
        if let Some(place) = self.fronts.iter().position(Option::is_none) {
            return Some(place);
        }
        self.refused = self.refused.wrapping_add(1);
        if self.refused % PATIENCE != 0 {
            return None;
        }
        let place = self.next % FRONTS;
        self.next = place + 1;
        Some(place)
    }

    /// What there is; `None` where another function, or another cache, was there last.
    #[inline(always)]
    fn recall<V: 'static, R, const N: usize>(
        &mut self,
        cache: &Cache,
        place: Spot<N>,
        of: impl Fn(&mut Both) -> Option<&mut Slots<V, N>>,
        read: impl Fn(&V) -> Option<R>,
    ) -> Option<Recalled<R>> {
        let here = self.functions[place.instance as usize % FUNCTIONS].as_ref();
        let here = here.filter(|it| it.instance == place.instance)?;
        let front = self.fronts[here.front % FRONTS].as_mut()?;
        if front.at != cache.at() {
            return None;
        }
        let copies = of(&mut front.copies)?;
        let read = copies.look(place, &front.changes, &front.clock).map(read);
        if let Recalled::Hit(_) = read {
            front.hits.one_more();
            here.hits.one_more();
        }
        Some(read)
    }

    /// The same after a look at all copies of the cache.
    #[inline(never)]
    fn recall_anew<V: 'static, R, const N: usize>(
        &mut self,
        cache: &Cache,
        place: Spot<N>,
        hits: &Tally,
        of: impl Fn(&mut Both) -> Option<&mut Slots<V, N>>,
        read: impl Fn(&V) -> Option<R>,
    ) -> Recalled<R> {
        if cache.is_closed() || cache.stack().changes().is_none() {
            return Recalled::Rests;
        }
        match self.found::<V>(cache, place.instance, hits) {
            None => Recalled::Missed,
            Some(()) => self
                .recall(cache, place, of, read)
                .unwrap_or(Recalled::Missed),
        }
    }
}

impl Cache {
    /// What this thread has at hand. A hit is counted, for the function too.
    #[inline(always)]
    pub(crate) fn recall<V: 'static, R>(
        &self,
        place: Spot<SHORT>,
        hits: &Tally,
        read: impl Fn(&V) -> Option<R>,
    ) -> Recalled<R> {
        self.recall_of(place, hits, Both::short, read)
    }

    /// The same by more numbers.
    pub(crate) fn recall_long<V: 'static, R>(
        &self,
        place: &Spot<LONG>,
        hits: &Tally,
        read: impl Fn(&V) -> Option<R>,
    ) -> Recalled<R> {
        self.recall_of(*place, hits, Both::long, read)
    }

    #[inline(always)]
    fn recall_of<V: 'static, R, const N: usize>(
        &self,
        place: Spot<N>,
        hits: &Tally,
        of: impl Fn(&mut Both) -> Option<&mut Slots<V, N>>,
        read: impl Fn(&V) -> Option<R>,
    ) -> Recalled<R> {
        let mut recalled = Recalled::Rests;
        let _ended = AT_HAND.try_with(|at_hand| {
            // A value's own code may be running here, and call a cached function.
            let Ok(mut at_hand) = at_hand.try_borrow_mut() else {
                return;
            };
            recalled = match at_hand.recall(self, place, &of, &read) {
                Some(recalled) => recalled,
                None => at_hand.recall_anew(self, place, hits, of, read),
            };
        });
        recalled
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
            let front = at_hand.find::<V>(self);
            let Some(front) = front.or_else(|| at_hand.add::<V>(self, changes)) else {
                return;
            };
            if let Some(front) = &mut at_hand.fronts[front] {
                let until = until.map_or(Limit::NONE, |until| self.clock().limit(until));
                let most = changes.most();
                front.copies.keep(most, place, copy, until, stamp);
            }
        });
    }
}

/// The pointer to a value that does not keep it.
pub(crate) fn unkept(value: &AnyValue) -> Unkept {
    std::sync::Arc::downgrade(value)
}
