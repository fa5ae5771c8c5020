//! Copies of what a lower layer has, into the layers above it.

use std::sync::Arc;
use std::time::Instant;

use smallvec::SmallVec;

use super::layer::StackLayer;
use super::section::PATIENCE;
use super::stack::{Inner, TieredCache};
use super::write::at_once;
use crate::backend::{Backend, Lookup};
use crate::entry::{Entry, ValueType};
use crate::error::Operation;
use crate::fence::FenceToken;
use crate::generation::Number;
use crate::key::Key;
use crate::runtime::poll_once;

/// What a layer above the hit said.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Above {
    /// Nothing: a copy belongs there.
    Missed,
    /// Something else is there, or it cannot say: hands off.
    Keep,
}

/// What each layer said, top first.
pub(super) type Passed = SmallVec<[Above; 4]>;

impl TieredCache {
    /// Copies an entry of layer `below` into the layers above it that missed.
    pub(super) async fn copy_up(
        &self,
        key: &Key,
        entry: &Entry,
        below: usize,
        passed: &Passed,
        token: &FenceToken,
    ) {
        if !passed.contains(&Above::Missed) {
            return;
        }
        let now = self.0.clock.now();
        let kept = match entry.value_type().is_number() {
            true => self.0.kept_of_number(),
            false => {
                let left = entry.time_left(now);
                let mut kept = self.0.kept_above(below, left, left);
                self.0.limit_known(&mut kept, entry, now);
                kept
            }
        };
        let mut slow = SmallVec::<[(usize, Entry); 2]>::new();
        for index in (0..below).rev() {
            if passed[index] != Above::Missed {
                continue;
            }
            let copy = entry.clone().capped(now, kept[index]);
            match index {
                _ if index < self.0.immediate => self.0.copy_now(index, key, copy, token),
                _ if index < self.0.prompt => slow.push((index, copy)),
                _ => self.0.copy_later(index, key, copy, token),
            }
        }
        if slow.is_empty() {
            return;
        }
        let detached = slow.iter().all(|(i, _)| self.0.layers[*i].info.detached);
        let copies = copy_slowly(Arc::clone(&self.0), key.clone(), slow, token.clone(), below);
        match detached {
            // Without room the copy is left out: the next read will find the entry below again.
            true => drop(self.0.background.spawn(&self.0.crew, copies)),
            false => copies.await,
        }
    }
}

impl Inner {
    fn copy_now(&self, index: usize, key: &Key, copy: Entry, token: &FenceToken) {
        let (layer, value_type) = (&self.layers[index], copy.value_type());
        match token.copy(|| at_once(layer.backend.set(key, copy))) {
            None => self.report.counters.fenced.add(1),
            Some(Err(error)) => layer.failed(&error),
            Some(Ok(())) => layer.copied(value_type),
        }
    }

    /// A copy into a layer that is written to in the background waits like everything else for it.
    fn copy_later(&self, index: usize, key: &Key, copy: Entry, token: &FenceToken) {
        let (layer, value_type) = (&self.layers[index], copy.value_type());
        match token.copy(|| layer.pending.offer(key, copy)) {
            None => self.report.counters.fenced.add(1),
            Some(true) => layer.copied(value_type),
            Some(false) => {}
        }
        layer.attend();
    }
}

impl Inner {
    /// Another process that invalidates writes the number of a generation to the lowest layer first. When it did
    /// so after that was read, a copy may have come after its number in a layer above: then the copy goes.
    async fn confirm_copies(
        &self,
        key: &Key,
        number: Option<u128>,
        below: usize,
        copied_to: &[usize],
    ) {
        let layer = &self.layers[below];
        let asking = layer.backend.get(key, Number::TYPE);
        let found = layer.ask(Operation::Get, layer.deadline, asking).await;
        let now = found.ok().and_then(Lookup::hit);
        if now.as_ref().and_then(Number::of) == number {
            return;
        }
        for index in copied_to {
            // What is not taken is told again.
            let removing = self.layers[*index].remove(std::slice::from_ref(key));
            drop(removing.await);
        }
    }
}

impl StackLayer {
    fn copied(&self, value_type: &ValueType) {
        if value_type.is_counted() {
            self.seen.backfills.add(1);
        }
    }
}

async fn copy_slowly(
    stack: Arc<Inner>,
    key: Key,
    copies: SmallVec<[(usize, Entry); 2]>,
    token: FenceToken,
    below: usize,
) {
    // Nobody waits here: who writes this key now brings something newer or the same.
    let Some(_guard) = poll_once(stack.fence.write([key.digest()])) else {
        return;
    };
    let number = copies.first().and_then(|(_, copy)| Number::of(copy));
    let mut shared = SmallVec::<[usize; 2]>::new();
    for (index, copy) in copies {
        let layer = &stack.layers[index];
        if !token.is_current() {
            stack.report.counters.fenced.add(1);
            return;
        }
        if layer.pending.look(&key).is_some() {
            continue;
        }
        let value_type = copy.value_type();
        let (copying, began) = (layer.backend.set(&key, copy), Instant::now());
        match layer.ask(Operation::Set, layer.deadline, copying).await {
            Ok(()) => layer.copied(value_type),
            Err(error) if error.is_uncertain() => layer.owes(&key, true),
            Err(_) => {}
        }
        // Who voided it may have lost patience with this, and have deleted before it arrived.
        if began.elapsed() >= PATIENCE && !token.is_current() {
            layer.owes(&key, false);
        }
        if number.is_some() && layer.info.shared {
            shared.push(index);
        }
    }
    if !shared.is_empty() {
        stack.confirm_copies(&key, number, below, &shared).await;
    }
}
