//! The way down through the layers, and the copies back up.

use std::sync::Arc;

use smallvec::SmallVec;

use super::stack::{Inner, TieredCache};
use super::write::at_once;
use crate::backend::{Backend, Lookup};
use crate::entry::{Entry, ValueType};
use crate::error::{Error, Result};
use crate::fence::FenceToken;
use crate::key::{Key, KeyDigest};
use crate::runtime::poll_once;

/// What a layer above the hit said.
#[derive(Clone, Copy, PartialEq)]
enum Above {
    /// Nothing: a copy belongs there.
    Missed,
    /// Something else is there, or it cannot say: hands off.
    Keep,
}

type Passed = SmallVec<[Above; 4]>;

impl TieredCache {
    /// Looks into the top layer, when it answers at once. What only a layer below has is found by
    /// [`find`](Self::find), which copies it up.
    #[inline]
    pub(super) fn peek_top(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        if self.0.immediate == 0 {
            return None;
        }
        let found = self.0.layers[0].backend.peek(key, value_type);
        if found.is_some() {
            self.0.report.counters.hits.add(1);
        }
        found
    }

    /// Looks into one layer after the other, and copies what is found into those above.
    pub(super) async fn find(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let token = self.0.fence.token(key.digest());
        let mut passed = Passed::new();
        let mut errors = Errors::default();
        let mut mismatch = false;
        for (index, layer) in self.0.layers.iter().enumerate() {
            if !layer.takes(value_type) {
                passed.push(Above::Keep);
                continue;
            }
            match layer.backend.get(key, value_type).await {
                Ok(found) => match self.0.checked(found, value_type) {
                    Lookup::Hit(entry) => {
                        self.copy_up(key, &entry, index, &passed, token).await;
                        self.0.report.counters.hits.add(1);
                        return Ok(Lookup::Hit(entry));
                    }
                    Lookup::Miss => passed.push(Above::Missed),
                    Lookup::Mismatch => {
                        mismatch = true;
                        passed.push(Above::Keep);
                    }
                },
                Err(error) => {
                    layer.pass_over(&error);
                    errors.add(error);
                    passed.push(Above::Keep);
                }
            }
        }
        errors.unless_answered(self.0.takers(value_type))?;
        self.0.report.counters.misses.add(1);
        Ok(match mismatch {
            true => Lookup::Mismatch,
            false => Lookup::Miss,
        })
    }

    /// The same for several keys, with one `get_many` a layer for what is still missing.
    pub(super) async fn find_many(
        &self,
        keys: &[Key],
        value_type: &'static ValueType,
    ) -> Result<Vec<Lookup>> {
        let mut tokens: Vec<Option<FenceToken>> = keys
            .iter()
            .map(|key| Some(self.0.fence.token(key.digest())))
            .collect();
        let mut found: Vec<Lookup> = keys.iter().map(|_| Lookup::Miss).collect();
        let mut passed: Vec<Passed> = vec![Passed::new(); keys.len()];
        let mut wanted: Vec<usize> = (0..keys.len()).collect();
        let mut errors = Errors::default();
        for (index, layer) in self.0.layers.iter().enumerate() {
            if wanted.is_empty() {
                break;
            }
            if !layer.takes(value_type) {
                wanted.iter().for_each(|&i| passed[i].push(Above::Keep));
                continue;
            }
            let asked: Vec<Key> = wanted.iter().map(|&i| keys[i].clone()).collect();
            let answers = match layer.backend.get_many(&asked, value_type).await {
                Ok(answers) => answers,
                Err(error) => {
                    layer.pass_over(&error);
                    errors.add(error);
                    wanted.iter().for_each(|&i| passed[i].push(Above::Keep));
                    continue;
                }
            };
            let mut missing = Vec::new();
            for (&i, answer) in wanted.iter().zip(answers) {
                match self.0.checked(answer, value_type) {
                    Lookup::Hit(entry) => {
                        if let Some(token) = tokens[i].take() {
                            self.copy_up(&keys[i], &entry, index, &passed[i], token)
                                .await;
                        }
                        found[i] = Lookup::Hit(entry);
                    }
                    Lookup::Miss => {
                        passed[i].push(Above::Missed);
                        missing.push(i);
                    }
                    Lookup::Mismatch => {
                        found[i] = Lookup::Mismatch;
                        passed[i].push(Above::Keep);
                        missing.push(i);
                    }
                }
            }
            wanted = missing;
        }
        errors.unless_answered(self.0.takers(value_type))?;
        let hits = found.iter().filter(|lookup| lookup.is_hit()).count() as u64;
        self.0.report.counters.hits.add(hits);
        self.0.report.counters.misses.add(keys.len() as u64 - hits);
        Ok(found)
    }

    /// Copies an entry of layer `below` into the layers above it that missed.
    async fn copy_up(
        &self,
        key: &Key,
        entry: &Entry,
        below: usize,
        passed: &Passed,
        token: FenceToken,
    ) {
        if !passed.contains(&Above::Missed) {
            return;
        }
        let now = self.0.clock.now();
        let left = entry.time_left(now);
        let kept = self.0.kept_above(below, left, left);
        let mut slow = SmallVec::<[(usize, Entry); 2]>::new();
        for index in (0..below).rev() {
            if passed[index] != Above::Missed {
                continue;
            }
            let copy = entry.clone().capped(now, kept[index]);
            match index < self.0.immediate {
                true => self.0.copy_now(index, key, copy, &token),
                false => slow.push((index, copy)),
            }
        }
        if slow.is_empty() {
            return;
        }
        let detached = slow.iter().all(|(i, _)| self.0.layers[*i].info.detached);
        let copies = copy_slowly(Arc::clone(&self.0), key.clone(), slow, token);
        match detached {
            // Without room the copy is left out: the next read will find the entry below again.
            true => drop(self.0.background.spawn(copies)),
            false => copies.await,
        }
    }
}

impl Inner {
    /// How many layers can hold values of that type.
    fn takers(&self, value_type: &ValueType) -> usize {
        self.layers.iter().filter(|it| it.takes(value_type)).count()
    }

    /// A hit only when it is live and of the type that was asked for, whatever the layer said.
    fn checked(&self, found: Lookup, value_type: &'static ValueType) -> Lookup {
        match found {
            Lookup::Hit(entry) if !entry.is_live(self.clock.now()) => Lookup::Miss,
            Lookup::Hit(entry) if !value_type.describes(entry.any()) => Lookup::Mismatch,
            found => found,
        }
    }

    fn copy_now(&self, index: usize, key: &Key, copy: Entry, token: &FenceToken) {
        let layer = &self.layers[index];
        match token.copy(|| at_once(layer.backend.set(key, copy))) {
            None => self.report.counters.fenced.add(1),
            Some(Err(error)) => layer.pass_over(&error),
            Some(Ok(())) => layer.seen.backfills.add(1),
        }
    }
}

async fn copy_slowly(
    stack: Arc<Inner>,
    key: Key,
    copies: SmallVec<[(usize, Entry); 2]>,
    token: FenceToken,
) {
    // Nobody waits here: who writes this key now brings something newer or the same, and may itself wait for
    // the pool that this runs on.
    let Some(_guard) = poll_once(stack.fence.write([key.digest()])) else {
        return;
    };
    for (index, copy) in copies {
        let layer = &stack.layers[index];
        if !token.is_current() {
            stack.report.counters.fenced.add(1);
            return;
        }
        match layer.backend.set(&key, copy).await {
            Ok(()) => layer.seen.backfills.add(1),
            Err(error) => layer.pass_over(&error),
        }
    }
}

/// The failures of a read: they matter only when no layer answered.
#[derive(Default)]
pub(super) struct Errors {
    first: Option<Error>,
    count: usize,
}

impl Errors {
    pub(super) fn add(&mut self, error: Error) {
        self.count += 1;
        self.first.get_or_insert(error);
    }

    pub(super) fn unless_answered(self, asked: usize) -> Result<()> {
        match self.first {
            Some(error) if self.count == asked => Err(error),
            _ => Ok(()),
        }
    }
}
