//! The copies of one type of values out of one cache, on one thread.

use cachestack_backends::{Changes, Clock, Moment, Stamp};

use super::{Place, Recalled};

/// Room for so many at first; it doubles when it is needed.
const FIRST: usize = 128;
/// Of fewer look-ups than this it is not said whether copies are worth it.
const SHORTEST: u64 = 2_048;
/// Where less than one look-up in so many is answered, there are no copies for a while.
const WORTH: u64 = 8;
/// The while, in times of what it took to see that.
const REST: u64 = 16;

/// A bounded table from places to copies. Each is found by two groups of four numbers of slots.
pub(super) struct Slots<V> {
    slots: Vec<Slot<V>>,
    groups: Vec<Group>,
    /// How many there may be, now and at most.
    room: usize,
    most: usize,
    /// Which makes room next, when all are taken.
    next: usize,
    /// Look-ups that were answered since it was last said whether copies are worth it, and those that were not.
    hits: u64,
    misses: u64,
    /// So many look-ups find nothing, at once.
    rest: u64,
}

/// It is in one line of the processor's memory where its value is small.
#[repr(align(64))]
struct Slot<V> {
    words: [u64; 3],
    until: Moment,
    copy: V,
    stamp: Stamp,
    instance: u32,
}

/// Slots whose places have a hash that begins alike: four numbers of them, and a tag of each, which is another part of
/// the hash, or 0 where there is none.
#[derive(Clone, Copy, Default)]
struct Group {
    tags: u64,
    slots: u64,
}

/// In each of the four parts of a number.
const ONES: u64 = 0x0001_0001_0001_0001;

impl Group {
    #[inline(always)]
    fn slot(self, cell: u32) -> usize {
        usize::from((self.slots >> (16 * cell)) as u16)
    }

    /// The cells that may have that tag: those that have, and now and then another.
    #[inline(always)]
    fn cells(self, tag: u16) -> Cells {
        let differs = self.tags ^ (u64::from(tag) * ONES);
        Cells(differs.wrapping_sub(ONES) & !differs & (ONES << 15))
    }

    /// The slot in it that is at a place.
    #[inline(always)]
    fn find<V>(self, slots: &[Slot<V>], place: &Place, tag: u16) -> Option<usize> {
        for cell in self.cells(tag) {
            let index = self.slot(cell);
            if slots.get(index)?.is_at(place) {
                return Some(index);
            }
        }
        None
    }

    fn set(&mut self, cell: u32, tag: u16, slot: usize) {
        let part = 0xFFFF << (16 * cell);
        self.tags = self.tags & !part | u64::from(tag) << (16 * cell);
        self.slots = self.slots & !part | (slot as u64) << (16 * cell);
    }

    fn free(self) -> Option<u32> {
        (0..4).find(|cell| self.tags >> (16 * cell) & 0xFFFF == 0)
    }
}

/// A bit for each cell.
struct Cells(u64);

impl Iterator for Cells {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros())?;
        self.0 &= self.0 - 1;
        Some(bit / 16)
    }
}

/// Where a place would be found.
#[derive(Clone, Copy)]
struct Hash {
    group: usize,
    tag: u16,
}

impl<V> Slots<V> {
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, 1 << 15);
        let room = FIRST.min(most);
        Self {
            slots: Vec::new(),
            groups: groups(room),
            room,
            most,
            next: 0,
            hits: 0,
            misses: 0,
            rest: 0,
        }
    }

    /// The copy at a place, when it is one still.
    #[inline(always)]
    pub(super) fn look(&mut self, place: &Place, changes: &Changes, clock: &Clock) -> Recalled<&V> {
        if self.rest > 0 {
            self.rest -= 1;
            return Recalled::Rests;
        }
        let hash = self.hash(place);
        let slot = find(&self.groups, &self.slots, place, hash).map(|index| &self.slots[index]);
        match slot {
            Some(slot) if slot.is_one(changes, clock) => {
                self.hits += 1;
                Recalled::Hit(&slot.copy)
            }
            _ => {
                self.misses += 1;
                if self.misses >= SHORTEST {
                    self.rest = rest_after(&mut self.hits, &mut self.misses, self.room);
                }
                Recalled::Missed
            }
        }
    }

    /// Keeps a copy, in the place of another where there is no more room.
    pub(super) fn keep(&mut self, place: &Place, stamp: Stamp, until: Moment, copy: V) {
        if self.rest > 0 {
            return;
        }
        let slot = Slot {
            words: place.words,
            instance: place.instance,
            stamp,
            until,
            copy,
        };
        let hash = self.hash(place);
        if let Some(index) = find(&self.groups, &self.slots, place, hash) {
            self.slots[index] = slot;
            return;
        }
        if self.slots.len() == self.room && self.room < self.most {
            self.grow();
        }
        let hash = self.hash(place);
        match self.free(hash) {
            None => {
                // Both groups are full: one of theirs goes.
                let cell = u32::from(hash.tag >> 8) % 4;
                let group = &mut self.groups[hash.group];
                let index = group.slot(cell);
                group.set(cell, hash.tag, index);
                self.slots[index] = slot;
            }
            Some((group, cell)) if self.slots.len() < self.room => {
                self.groups[group].set(cell, hash.tag, self.slots.len());
                self.slots.push(slot);
            }
            Some((group, cell)) => {
                let index = self.next % self.slots.len();
                self.next = index + 1;
                self.forget(index);
                self.groups[group].set(cell, hash.tag, index);
                self.slots[index] = slot;
            }
        }
    }

    #[inline(always)]
    fn hash(&self, place: &Place) -> Hash {
        let hash = place.hash();
        Hash {
            // The number of groups is a power of two.
            group: (hash >> 32) as usize & (self.groups.len() - 1),
            tag: hash as u16 | 1,
        }
    }

    /// Where the number of a slot can be put.
    fn free(&self, hash: Hash) -> Option<(usize, u32)> {
        let mut groups = [hash.group, hash.group ^ 1].into_iter();
        groups.find_map(|group| Some((group, self.groups[group].free()?)))
    }

    /// Nobody finds the slot any more.
    fn forget(&mut self, index: usize) {
        let hash = self.hash(&self.slots[index].place());
        for group in [hash.group, hash.group ^ 1] {
            let group = &mut self.groups[group];
            for cell in group.cells(hash.tag) {
                if group.slot(cell) == index {
                    group.set(cell, 0, 0);
                }
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.room = (self.room * 2).min(self.most);
        self.groups = groups(self.room);
        let mut kept = Vec::with_capacity(self.room);
        for slot in std::mem::take(&mut self.slots) {
            let hash = self.hash(&slot.place());
            if let Some((group, cell)) = self.free(hash) {
                self.groups[group].set(cell, hash.tag, kept.len());
                kept.push(slot);
            }
        }
        self.slots = kept;
    }
}

impl<V> Slot<V> {
    fn place(&self) -> Place {
        Place {
            words: self.words,
            instance: self.instance,
        }
    }

    /// Whether it is a copy still.
    #[inline(always)]
    fn is_one(&self, changes: &Changes, clock: &Clock) -> bool {
        changes.is_current(&self.stamp) && clock.is_well_before(self.until)
    }

    #[inline(always)]
    fn is_at(&self, place: &Place) -> bool {
        let [a, b, c] = self.words;
        let [d, e, f] = place.words;
        (a ^ d) | (b ^ e) | (c ^ f) | u64::from(self.instance ^ place.instance) == 0
    }
}

#[inline(always)]
fn find<V>(groups: &[Group], slots: &[Slot<V>], place: &Place, hash: Hash) -> Option<usize> {
    let found = groups.get(hash.group)?.find(slots, place, hash.tag);
    found.or_else(|| find_beside(groups, slots, place, hash))
}

/// The same in the other group, where few are.
#[inline(never)]
fn find_beside<V>(groups: &[Group], slots: &[Slot<V>], place: &Place, hash: Hash) -> Option<usize> {
    groups.get(hash.group ^ 1)?.find(slots, place, hash.tag)
}

/// For how many look-ups there are to be no copies: those that are hardly ever used cost more than they save.
#[cold]
fn rest_after(hits: &mut u64, misses: &mut u64, room: usize) -> u64 {
    let looks = *hits + *misses;
    if looks < 2 * room as u64 {
        return 0;
    }
    let is_worth_it = *hits >= looks / WORTH;
    (*hits, *misses) = (0, 0);
    if is_worth_it { 0 } else { looks * REST }
}

/// Twice as many cells as slots.
fn groups(room: usize) -> Vec<Group> {
    vec![Group::default(); (room / 2).next_power_of_two().max(2)]
}

impl Place {
    /// Not to be relied on by what somebody may choose: who finds collisions makes copies be used less.
    #[inline(always)]
    fn hash(&self) -> u64 {
        let [a, b, c] = self.words;
        let sum = a
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(b.wrapping_mul(0xC2B2_AE3D_27D4_EB4F))
            .wrapping_add((c ^ u64::from(self.instance)).wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let mixed = sum ^ (sum >> 32);
        let mixed = mixed.wrapping_mul(0xE703_7ED1_A0B4_28DB);
        mixed ^ (mixed >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Unkept;
    use super::*;

    #[test]
    fn a_slot_takes_what_the_setting_for_them_says() {
        // Beside it 8 bytes by which it is found: there is a group for each two.
        assert_eq!(size_of::<Group>() / 2, 8);
        assert_eq!(size_of::<Slot<u64>>(), 64);
        assert_eq!(size_of::<Slot<Unkept>>(), 64);
        assert_eq!(size_of::<Slot<[u64; 3]>>(), 128);
        assert_eq!(size_of::<Slot<[u64; 8]>>(), 128);
    }
}
