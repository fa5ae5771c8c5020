//! The tracer's books: the places seen so far, and what happened in the current run.

use std::any::type_name;
use std::collections::HashMap;

use serde::de::DeserializeSeed;

use super::super::shape::{Head, Leaf, NodeId, Why};
use super::blame::Stuck;
use super::plan::NEVER;
use super::slot::{Arm, Slot};
use super::{MAX_DEPTH, MAX_IDLE_RUNS, MAX_PLACES, MAX_READS, MAX_RUNS, Probe, Refusal};

/// The place of the traced type itself.
pub(super) const ROOT: NodeId = 0;

/// What one trace knows.
#[derive(Debug)]
pub(super) struct Tracer {
    pub(super) slots: Vec<Slot>,
    known: HashMap<(&'static str, Head), NodeId>,
    /// Places of the current run where something else could have been invented, in order.
    pub(super) journal: Vec<NodeId>,
    /// Where in the journal the value begins that made the run fail.
    pub(super) failed_from: Option<usize>,
    pub(super) depth: u32,
    pub(super) calm: u32,
    /// The run was given up, for a reason that other samples don't change.
    pub(super) dead_end: bool,
    /// A bound was met.
    pub(super) exhausted: bool,
    /// Grows with everything learnt.
    facts: u64,
    facts_before: u64,
    runs: u32,
    idle: u32,
    reads: u32,
    pub(super) stuck: Stuck,
}

impl Tracer {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::new()],
            known: HashMap::new(),
            journal: Vec::new(),
            failed_from: None,
            depth: 0,
            calm: 0,
            dead_end: false,
            exhausted: false,
            facts: 0,
            facts_before: 0,
            runs: 0,
            idle: 0,
            reads: 0,
            stuck: Stuck::default(),
        }
    }

    /// Prepares the next run; false when there is nothing to gain from one.
    pub(super) fn begin(&mut self) -> bool {
        self.measure();
        if self.slots[ROOT].distance == NEVER {
            return false;
        }
        self.exhausted |= self.runs >= MAX_RUNS || self.idle >= MAX_IDLE_RUNS;
        if self.exhausted {
            return false;
        }
        self.runs += 1;
        self.journal.clear();
        self.failed_from = None;
        self.dead_end = false;
        self.facts_before = self.facts;
        true
    }

    pub(super) fn end(&mut self, ok: bool) {
        if self.facts > self.facts_before {
            self.idle = 0;
            self.stuck = Stuck::default();
            return;
        }
        self.idle += 1;
        if !ok && !self.dead_end {
            self.blame();
        }
    }

    pub(super) fn learn(&mut self) {
        self.facts += 1;
    }

    /// Gives the run up.
    pub(super) fn give_up<T>(&mut self) -> Result<T, Refusal> {
        self.dead_end = true;
        Err(Refusal)
    }

    pub(super) fn resolve(&self, id: NodeId) -> NodeId {
        self.slots[id].same_as.unwrap_or(id)
    }

    /// Reads a value at `id`.
    pub(super) fn child<'de, S>(&mut self, id: NodeId, seed: S) -> Result<S::Value, Refusal>
    where
        S: DeserializeSeed<'de>,
    {
        self.probe(id, |probe| seed.deserialize(probe))
    }

    /// Lets `read` read at `id`.
    pub(super) fn probe<T>(
        &mut self,
        id: NodeId,
        read: impl FnOnce(Probe<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let begins = self.journal.len();
        let outcome = read(Probe::new(self, id));
        if outcome.is_err() {
            self.failed_from.get_or_insert(begins);
        } else if !self.dead_end && self.slots[self.resolve(id)].head == Head::Unknown {
            // A value made of nothing takes as much of the wire as a unit.
            self.slots[id].head = Head::Leaf(Leaf::Unit);
            self.learn();
        }
        outcome
    }

    /// Books the read of a leaf; the sample to give.
    pub(super) fn leaf(
        &mut self,
        id: NodeId,
        head: Head,
        samples: usize,
    ) -> Result<usize, Refusal> {
        self.count_read()?;
        let id = self.resolve(id);
        self.agree(id, head)?;
        let slot = &mut self.slots[id];
        slot.alternatives = samples;
        if slot.is_refused() {
            return self.give_up();
        }
        let choice = slot.choice;
        self.journal.push(id);
        Ok(choice)
    }

    /// The leaf's visitor refused the sample: not that one again.
    pub(super) fn refuse(&mut self, id: NodeId, sample: usize) {
        let id = self.resolve(id);
        let slot = &mut self.slots[id];
        let bit = 1 << sample;
        if slot.refused & bit == 0 {
            slot.refused |= bit;
            slot.choice = slot.open_from(0).unwrap_or(0);
            self.learn();
        }
    }

    /// Reads a container at `id`, known again by its visitor `V`.
    pub(super) fn within<V, T>(
        &mut self,
        id: NodeId,
        head: Head,
        read: impl FnOnce(&mut Self, NodeId) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.count_read()?;
        if self.depth >= MAX_DEPTH {
            return self.give_up();
        }
        let id = self.meet(id, type_name::<V>(), head)?;
        self.agree(id, head)?;
        let again = self.slots[id].active > 0;
        self.slots[id].active += 1;
        self.calm += u32::from(again);
        self.depth += 1;
        let outcome = read(self, id);
        self.depth -= 1;
        self.calm -= u32::from(again);
        self.slots[id].active -= 1;
        outcome
    }

    /// The place that `id` is: itself, or the one where the same visitor was met before.
    fn meet(&mut self, id: NodeId, visitor: &'static str, head: Head) -> Result<NodeId, Refusal> {
        let id = self.resolve(id);
        if self.slots[id].head != Head::Unknown {
            return Ok(id);
        }
        self.learn();
        if let Some(known) = self.known.get(&(visitor, head)).copied() {
            self.slots[id].same_as = Some(known);
            return Ok(known);
        }
        let children = self.places(head.arity())?;
        let slot = &mut self.slots[id];
        slot.head = head;
        slot.children = children;
        if let Head::Enum(_, names) = head {
            slot.arms = vec![Arm::new(); names.len()];
        }
        self.known.insert((visitor, head), id);
        Ok(id)
    }

    /// Holds what is read now against what was read here before.
    fn agree(&mut self, id: NodeId, head: Head) -> Result<(), Refusal> {
        let slot = &mut self.slots[id];
        if slot.head == Head::Unknown {
            slot.head = head;
            self.learn();
        }
        if self.slots[id].head == head {
            Ok(())
        } else {
            self.opaque(id, Why::Varies)
        }
    }

    /// Nothing more can be learnt at this place.
    pub(super) fn opaque<T>(&mut self, id: NodeId, why: Why) -> Result<T, Refusal> {
        let slot = &mut self.slots[id];
        if !matches!(slot.head, Head::Opaque(_)) {
            slot.head = Head::Opaque(why);
            slot.children.clear();
            slot.arms.clear();
            self.learn();
        }
        self.give_up()
    }

    pub(super) fn places(&mut self, count: usize) -> Result<Vec<NodeId>, Refusal> {
        let first = self.slots.len();
        if count > MAX_PLACES.saturating_sub(first) {
            self.exhausted = true;
            return self.give_up();
        }
        self.slots.resize_with(first + count, Slot::new);
        Ok((first..first + count).collect())
    }

    fn count_read(&mut self) -> Result<(), Refusal> {
        if self.reads >= MAX_READS {
            self.exhausted = true;
            return self.give_up();
        }
        self.reads += 1;
        Ok(())
    }
}
