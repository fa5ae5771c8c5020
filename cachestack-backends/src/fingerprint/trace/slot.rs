//! What is known of one place.

use super::super::shape::{Body, Head, NodeId};
use super::plan::NEVER;

/// A place, and what is to be invented there next.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) head: Head,
    pub(super) children: Vec<NodeId>,
    pub(super) arms: Vec<Arm>,
    /// What became of an enum's names when they were offered in place of an index; only asked for with aliases.
    pub(super) name_tags: Vec<Option<u64>>,
    /// This place turned out to be that one.
    pub(super) same_as: Option<NodeId>,
    /// The alternative to take, out of so many.
    pub(super) choice: usize,
    pub(super) alternatives: usize,
    /// The samples that the leaf's own visitor refused, by bit.
    pub(super) refused: u64,
    /// How often the current run is inside.
    pub(super) active: u32,
    /// The depth of the shortest known value.
    pub(super) height: u32,
    /// The way to the nearest unseen place beneath.
    pub(super) distance: u32,
}

/// What is known of one wire index of an enum.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    pub(super) body: Body,
    pub(super) children: Vec<NodeId>,
    /// Which identifier the index became.
    pub(super) tag: Option<u64>,
    pub(super) tries: u32,
}

/// Where a row of children hangs: at a place, or at one variant of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) id: NodeId,
    pub(super) arm: Option<usize>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            head: Head::Unknown,
            children: Vec::new(),
            arms: Vec::new(),
            name_tags: Vec::new(),
            same_as: None,
            choice: 0,
            alternatives: 0,
            refused: 0,
            active: 0,
            height: NEVER,
            distance: NEVER,
        }
    }

    /// The first sample from `start` on that was not refused.
    pub(super) fn open_from(&self, start: usize) -> Option<usize> {
        (start..self.alternatives).find(|sample| *sample >= 64 || self.refused >> sample & 1 == 0)
    }

    /// True when a leaf's visitor took none of the samples.
    pub(super) fn is_refused(&self) -> bool {
        self.refused != 0 && self.open_from(0).is_none()
    }
}

impl Arm {
    pub(super) fn new() -> Self {
        Self {
            body: Body::Unknown,
            children: Vec::new(),
            tag: None,
            tries: 0,
        }
    }
}
