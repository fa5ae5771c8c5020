//! The copies of one type of values out of one cache, on one thread.

use cachestack_backends::{Changes, Clock, Limit, Stamp};

use super::worth::Worth;
use super::{Recalled, Spot};

/// Room for so many at first; it doubles when it is needed.
const FIRST: usize = 128;
/// A bounded table from places to copies.
///
/// The numbers of the slots are in cells, four for each slot there may be. A place's hash says in which it is looked for
/// first; where that is another's, it is in one of the seven others of the same block.
pub(super) struct Slots<V, const N: usize> {
    slots: Vec<Slot<V, N>>,
    cells: Box<[u16]>,
    worth: Worth,
    /// How many there may be, now and at most.
    room: usize,
    most: usize,
    /// Which makes room next, when all are taken.
    next: usize,
}

/// It is in one line of the processor's memory, or two, where its value is small.
#[repr(align(64))]
struct Slot<V, const N: usize> {
    words: [u64; N],
    until: Limit,
    copy: V,
    stamp: Stamp,
    instance: u32,
}

/// So many cells are for each slot.
const CELLS: usize = 4;
/// So many cells are one block.
const BLOCK: usize = 8;
/// What is in a cell that has no number of a slot.
const NONE: u16 = u16::MAX;

impl<V, const N: usize> Slots<V, N> {
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, 1 << 15);
        let room = FIRST.min(most);
        Self {
            slots: Vec::new(),
            cells: cells(room),
            worth: Worth::default(),
            room,
            most,
            next: 0,
        }
    }

    /// The copy at a place, when it is one still.
    #[inline(always)]
    pub(super) fn look(
        &mut self,
        place: Spot<N>,
        changes: &Changes,
        clock: &Clock,
    ) -> Recalled<&V> {
        if self.worth.rests() {
            self.worth.pass();
            return Recalled::Rests;
        }
        let hash = place.hash();
        let first = self.slots.get(usize::from(self.cells[self.cell(hash)]));
        let found = match first {
            Some(slot) if slot.is_at(&place) => Some(slot),
            // A place of its own, so that the other one need not be in memory.
            _ => find_beside(&self.cells, &self.slots, &Spot { ..place }, hash),
        };
        match found {
            Some(slot) if slot.is_one(changes, clock) => {
                self.worth.hit();
                Recalled::Hit(&slot.copy)
            }
            _ => {
                self.worth.missed(self.room);
                Recalled::Missed
            }
        }
    }

    /// Keeps a copy, in the place of another where there is no more room.
    pub(super) fn keep(&mut self, place: &Spot<N>, stamp: Stamp, until: Limit, copy: V) {
        if self.worth.rests() {
            return;
        }
        let slot = Slot {
            words: place.words,
            instance: place.instance,
            stamp,
            until,
            copy,
        };
        let hash = place.hash();
        if let Some(index) = self.find(place, hash) {
            self.slots[index] = slot;
            return;
        }
        if self.slots.len() == self.room && self.room < self.most {
            self.grow();
        }
        match self.free(hash) {
            None => {
                // The block is full: one of its goes.
                let index = self.cells[self.cell(hash)];
                self.slots[usize::from(index)] = slot;
            }
            Some(cell) if self.slots.len() < self.room => {
                self.cells[cell] = self.slots.len() as u16;
                self.slots.push(slot);
            }
            Some(cell) => {
                let index = self.next % self.slots.len();
                self.next = index + 1;
                self.forget(index);
                self.cells[cell] = index as u16;
                self.slots[index] = slot;
            }
        }
    }

    /// The first cell for a hash.
    #[inline(always)]
    fn cell(&self, hash: u64) -> usize {
        first(&self.cells, hash)
    }

    fn find(&self, place: &Spot<N>, hash: u64) -> Option<usize> {
        let mut indices = block(&self.cells, hash).map(|cell| usize::from(self.cells[cell]));
        indices.find(|index| self.slots.get(*index).is_some_and(|it| it.is_at(place)))
    }

    /// Where the number of a slot can be put.
    fn free(&self, hash: u64) -> Option<usize> {
        block(&self.cells, hash).find(|cell| self.cells[*cell] == NONE)
    }

    /// Nobody finds the slot any more.
    fn forget(&mut self, index: usize) {
        let hash = self.slots[index].spot().hash();
        let has_it = |cell: &usize| usize::from(self.cells[*cell]) == index;
        if let Some(cell) = block(&self.cells, hash).find(has_it) {
            self.cells[cell] = NONE;
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.room = (self.room * 2).min(self.most);
        self.cells = cells(self.room);
        let mut kept = Vec::with_capacity(self.room);
        for slot in std::mem::take(&mut self.slots) {
            if let Some(cell) = self.free(slot.spot().hash()) {
                self.cells[cell] = kept.len() as u16;
                kept.push(slot);
            }
        }
        self.slots = kept;
    }
}

impl<V, const N: usize> Slot<V, N> {
    fn spot(&self) -> Spot<N> {
        Spot {
            words: self.words,
            instance: self.instance,
        }
    }

    /// Whether it is a copy still.
    #[inline(always)]
    fn is_one(&self, changes: &Changes, clock: &Clock) -> bool {
        changes.is_current(&self.stamp) && clock.is_before(self.until)
    }

    #[inline(always)]
    fn is_at(&self, place: &Spot<N>) -> bool {
        // One after the other: it is in most cases, and then nothing has to be put together.
        let mut words = self.words.iter().zip(&place.words);
        words.all(|(own, other)| own == other) && self.instance == place.instance
    }
}

/// The first cell for a hash.
#[inline(always)]
fn first(cells: &[u16], hash: u64) -> usize {
    // Their number is a power of two.
    hash as usize & (cells.len() - 1)
}

/// All cells for a hash.
fn block(cells: &[u16], hash: u64) -> impl Iterator<Item = usize> + use<> {
    let first = first(cells, hash);
    (0..BLOCK).map(move |other| first ^ other)
}

/// The slot at a place where the first cell for it has another's.
#[inline(never)]
fn find_beside<'a, V, const N: usize>(
    cells: &[u16],
    slots: &'a [Slot<V, N>],
    place: &Spot<N>,
    hash: u64,
) -> Option<&'a Slot<V, N>> {
    let mut all = block(cells, hash).map(|cell| slots.get(usize::from(cells[cell])));
    all.find_map(|slot| slot.filter(|slot| slot.is_at(place)))
}

/// Neither of them means anything.
const LEFT: u64 = 0x9E37_79B9_7F4A_7C15;
const RIGHT: u64 = 0xE703_7ED1_A0B4_28DB;

fn cells(room: usize) -> Box<[u16]> {
    let count = (CELLS * room).next_power_of_two().max(BLOCK);
    vec![NONE; count].into_boxed_slice()
}

impl<const N: usize> Spot<N> {
    /// Not to be relied on by what somebody may choose: who finds collisions makes copies be used less.
    #[inline(always)]
    fn hash(&self) -> u64 {
        let fold = |left: u64, right: u64| {
            let product = u128::from(left ^ LEFT) * u128::from(right ^ RIGHT);
            (product as u64) ^ (product >> 64) as u64
        };
        let [a, b, c] = [0, 1, 2].map(|at| self.words[at % N]);
        let first = fold(a, b.rotate_left(32) ^ c ^ u64::from(self.instance));
        let others = self.words[3..].iter();
        others.fold(first, |hash, word| fold(hash, *word))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LONG, SHORT, Unkept};
    use super::*;

    #[test]
    fn a_slot_takes_what_the_setting_for_them_says() {
        // Beside it 8 bytes by which it is found.
        assert_eq!(CELLS * size_of::<u16>(), 8);
        assert_eq!(size_of::<Slot<u64, SHORT>>(), 64);
        assert_eq!(size_of::<Slot<Unkept, SHORT>>(), 64);
        assert_eq!(size_of::<Slot<[u64; 3], SHORT>>(), 128);
        assert_eq!(size_of::<Slot<[u64; 8], SHORT>>(), 128);
        assert_eq!(size_of::<Slot<u64, LONG>>(), 128);
        assert_eq!(size_of::<Slot<Unkept, LONG>>(), 128);
        assert_eq!(size_of::<Slot<[u64; 5], LONG>>(), 128);
        assert_eq!(size_of::<Slot<[u64; 8], LONG>>(), 192);
    }
}
