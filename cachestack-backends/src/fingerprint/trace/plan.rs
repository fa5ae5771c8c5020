//! Where the next run goes: to the nearest unseen place, and by the shortest values elsewhere.

use super::super::shape::{Body, Head, NodeId, Why};
use super::samples::COUNTS;
use super::slot::{Arm, Slot};
use super::tracer::Tracer;
use super::{CALM_DEPTH, Refusal};

/// No value is known, or nothing is left to see.
pub(super) const NEVER: u32 = u32::MAX;

/// How much farther a variant seems for each time it was tried, so that none blocks the others.
const DETOUR: u32 = 16;

/// What to offer an enum.
pub(super) enum Pick {
    Index(usize),
    /// The name at this place of the enum's list.
    Name(usize),
}

impl Tracer {
    /// Measures all heights and distances anew.
    pub(super) fn measure(&mut self) {
        for slot in &mut self.slots {
            slot.height = NEVER;
            slot.distance = NEVER;
        }
        let mut settled = false;
        while !settled {
            settled = true;
            for id in (0..self.slots.len()).rev() {
                let slot = &self.slots[id];
                let (height, distance) = match slot.same_as {
                    Some(same) => (self.slots[same].height, self.slots[same].distance),
                    None => (self.height(slot), self.distance(slot)),
                };
                if (height, distance) != (slot.height, slot.distance) {
                    self.slots[id].height = height;
                    self.slots[id].distance = distance;
                    settled = false;
                }
            }
        }
    }

    fn height(&self, slot: &Slot) -> u32 {
        match slot.head {
            Head::Unknown
            | Head::Opaque(Why::Varies | Why::Identifier | Why::ByName | Why::AsMap) => NEVER,
            _ if slot.is_refused() => NEVER,
            Head::Option | Head::Seq | Head::Map => 1,
            Head::Enum(..) => {
                let arms = slot.arms.iter().map(|arm| self.arm_height(arm));
                arms.min().unwrap_or(NEVER).saturating_add(1)
            }
            _ => self.highest(&slot.children).saturating_add(1),
        }
    }

    fn arm_height(&self, arm: &Arm) -> u32 {
        match arm.body {
            Body::Unknown | Body::Refused | Body::Absent => NEVER,
            _ => self.highest(&arm.children),
        }
    }

    fn highest(&self, ids: &[NodeId]) -> u32 {
        let heights = ids.iter().map(|id| self.slots[*id].height);
        heights.max().unwrap_or(0)
    }

    fn distance(&self, slot: &Slot) -> u32 {
        if slot.head == Head::Unknown {
            return 0;
        }
        let names = if slot.wants_names() { 0 } else { NEVER };
        let arms = slot.arms.iter().map(|arm| self.arm_distance(arm));
        arms.chain([self.nearest(&slot.children), names])
            .min()
            .unwrap_or(NEVER)
            .saturating_add(1)
    }

    fn arm_distance(&self, arm: &Arm) -> u32 {
        let beneath = match arm.body {
            Body::Unknown => 0,
            _ => self.nearest(&arm.children),
        };
        beneath.saturating_add(arm.tries.saturating_mul(DETOUR))
    }

    fn nearest(&self, ids: &[NodeId]) -> u32 {
        let distances = ids.iter().map(|id| self.slots[*id].distance);
        distances.min().unwrap_or(NEVER)
    }

    fn is_calm(&self) -> bool {
        self.calm > 0 || self.depth > CALM_DEPTH
    }

    /// Whether there is something unseen beneath, and something that can be made.
    fn beneath(&self, id: NodeId) -> (bool, bool) {
        let ids = &self.slots[id].children;
        (self.nearest(ids) != NEVER, self.highest(ids) != NEVER)
    }

    fn choose(&mut self, id: NodeId, alternatives: usize) -> usize {
        self.journal.push(id);
        let slot = &mut self.slots[id];
        slot.alternatives = alternatives;
        slot.choice
    }

    /// Whether an option is to be `Some`.
    pub(super) fn is_some(&mut self, id: NodeId) -> bool {
        if self.is_calm() {
            return false;
        }
        let (unseen, _) = self.beneath(id);
        unseen || self.choose(id, 2) == 1
    }

    /// How many elements a collection is to have.
    pub(super) fn count(&mut self, id: NodeId) -> usize {
        if self.is_calm() {
            return 0;
        }
        let (unseen, makeable) = self.beneath(id);
        if unseen {
            return 1;
        }
        let usual = usize::from(makeable);
        match self.choose(id, COUNTS) {
            0 => usual,
            1 => 1 - usual,
            more => more,
        }
    }

    /// Which variant an enum is to be.
    pub(super) fn pick(&mut self, id: NodeId) -> Result<Pick, Refusal> {
        let calm = self.is_calm();
        let slot = &self.slots[id];
        if !calm {
            let near = (0..slot.arms.len())
                .map(|index| (self.arm_distance(&slot.arms[index]), index))
                .filter(|(distance, _)| *distance != NEVER)
                .min();
            if let Some((_, index)) = near {
                self.slots[id].arms[index].tries += 1;
                return Ok(Pick::Index(index));
            }
            if slot.wants_names() {
                return Ok(Pick::Name(slot.name_tags.len()));
            }
        }
        let mut makeable: Vec<_> = (0..slot.arms.len())
            .map(|index| (self.arm_height(&slot.arms[index]), index))
            .filter(|(height, _)| *height != NEVER)
            .collect();
        makeable.sort_unstable();
        let choice = if calm {
            0
        } else {
            self.choose(id, makeable.len())
        };
        match makeable.get(choice).or(makeable.first()) {
            Some((_, index)) => Ok(Pick::Index(*index)),
            None => self.give_up(),
        }
    }
}

impl Slot {
    /// True for an enum with aliases, whose names have to be offered one by one to learn which means which index.
    fn wants_names(&self) -> bool {
        let Head::Enum(_, names) = self.head else {
            return false;
        };
        self.name_tags.len() < names.len()
            && self.arms.iter().all(|arm| arm.body != Body::Unknown)
            && self.has_aliases()
    }

    /// True where an enum lists more names than it tells variants apart.
    pub(super) fn has_aliases(&self) -> bool {
        let present = self.arms.iter().filter(|arm| arm.body != Body::Absent);
        let mut tags: Vec<_> = present.map(|arm| arm.tag).collect();
        let present = tags.len();
        tags.sort_unstable();
        tags.dedup();
        // Identifiers that are no enum all look alike and tell nothing.
        let telling = tags.len() > 1;
        present < self.arms.len() || (telling && tags.len() < present)
    }
}
