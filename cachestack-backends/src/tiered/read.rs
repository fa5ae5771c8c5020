//! The way down through the layers.

use std::time::{Duration, Instant};

use super::copy::{Above, Passed};
use super::layer::StackLayer;
use super::passage::{Left, Passage};
use super::pending::Waiting;
use super::stack::{Inner, TieredCache};
use super::write::made_its_caller_wait;
use crate::backend::{Backend, Lookup};
use crate::entry::{Entry, ValueType};
use crate::error::{Error, Operation, Result};
use crate::fence::FenceToken;
use crate::key::{Key, KeyDigest};
use crate::runtime::poll_once;

impl TieredCache {
    /// Looks into the top layer, when it answers at once. What only a layer below has is found by
    /// [`find`](Self::find), which copies it up.
    #[inline]
    pub(super) fn peek_top(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        let found = self.0.top.as_ref()?.peek(key, value_type);
        if found.is_some() {
            self.0.report.counters.hits.add(1);
        }
        found
    }

    /// Looks into every layer, within what the passage has left, which becomes less.
    ///
    /// # Errors
    /// When no layer answered.
    pub async fn look_up(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
    ) -> Result<Lookup> {
        let found = match self.0.immediate == self.0.layers.len() {
            true => self.find_now(key, value_type, passage),
            // Apart, so that the futures of functions stay small: they call each other.
            false => Box::pin(self.find(key, value_type, passage)).await,
        };
        let report = &self.0.report;
        report.outcome(Operation::Get, Some(key.digest()), found, || Lookup::Miss)
    }

    /// The same where every layer answers at once.
    fn find_now(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
    ) -> Result<Lookup> {
        let found = poll_once(self.find(key, value_type, passage));
        found.unwrap_or_else(|| Err(made_its_caller_wait()))
    }

    /// Looks into one layer after the other, and copies what is found into those above.
    pub(super) async fn find(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
    ) -> Result<Lookup> {
        let Passage { token, left } = passage;
        let mut passed = Passed::new();
        let mut errors = Errors::default();
        let mut mismatch = false;
        for (index, layer) in self.0.layers.iter().enumerate() {
            if !layer.takes(value_type) {
                passed.push(Above::Keep);
                continue;
            }
            let found = match self.0.waiting(left, index, key).await {
                Some(Waiting::Held(entry)) => Ok(Lookup::Hit(entry)),
                Some(Waiting::Barred) => {
                    passed.push(Above::Keep);
                    continue;
                }
                None => {
                    let asked = layer.backend.get(key, value_type);
                    self.0.spend(left, index, asked).await
                }
            };
            match found.map(|found| self.0.checked(found, value_type)) {
                Ok(Lookup::Hit(entry)) => {
                    self.copy_up(key, &entry, index, &passed, token).await;
                    self.0.report.counters.hits.add(1);
                    return Ok(Lookup::Hit(entry));
                }
                Ok(Lookup::Miss) => passed.push(Above::Missed),
                Ok(Lookup::Mismatch) => {
                    mismatch = true;
                    passed.push(Above::Keep);
                }
                Err(error) => {
                    errors.add(layer, error);
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
            let (answers, failed) = self.0.ask_many(layer, keys, &wanted, value_type).await;
            if let Some(error) = failed {
                errors.add(layer, error);
            }
            let mut missing = Vec::new();
            for (i, answer) in answers {
                match answer.map(|it| self.0.checked(it, value_type)) {
                    Some(Lookup::Hit(entry)) => {
                        if let Some(token) = tokens[i].take() {
                            self.copy_up(&keys[i], &entry, index, &passed[i], &token)
                                .await;
                        }
                        found[i] = Lookup::Hit(entry);
                        continue;
                    }
                    Some(Lookup::Miss) => passed[i].push(Above::Missed),
                    Some(Lookup::Mismatch) => {
                        found[i] = Lookup::Mismatch;
                        passed[i].push(Above::Keep);
                    }
                    None => passed[i].push(Above::Keep),
                }
                missing.push(i);
            }
            wanted = missing;
        }
        errors.unless_answered(self.0.takers(value_type))?;
        let hits = found.iter().filter(|lookup| lookup.is_hit()).count() as u64;
        self.0.report.counters.hits.add(hits);
        self.0.report.counters.misses.add(keys.len() as u64 - hits);
        Ok(found)
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

    /// What waits to be told to a layer, at the cost of what is left for it.
    async fn waiting(&self, left: &mut Left, index: usize, key: &Key) -> Option<Waiting> {
        let layer = &self.layers[index];
        if layer.info.detached || layer.pending.is_empty() {
            return layer.pending.look(key);
        }
        let (began, here) = (Instant::now(), left.of(index));
        let waiting = layer.waiting(key, here).await;
        left.set(index, here.saturating_sub(began.elapsed()));
        waiting
    }

    /// Asks a layer at the cost of what is left for it; a failure leaves nothing.
    async fn spend<R>(
        &self,
        left: &mut Left,
        index: usize,
        asked: impl Future<Output = Result<R>>,
    ) -> Result<R> {
        let layer = &self.layers[index];
        let here = left.of(index);
        if layer.info.immediate {
            return layer.ask(Operation::Get, here, asked).await;
        }
        let began = Instant::now();
        let answer = layer.ask(Operation::Get, here, asked).await;
        let still = match &answer {
            Ok(_) => here.saturating_sub(began.elapsed()),
            Err(_) => Duration::ZERO,
        };
        left.set(index, still);
        answer
    }

    /// What a layer says of the wanted ones of several keys; nothing of those it is not to be read for, and
    /// of those it failed on, with why.
    async fn ask_many(
        &self,
        layer: &StackLayer,
        keys: &[Key],
        wanted: &[usize],
        value_type: &'static ValueType,
    ) -> (Vec<(usize, Option<Lookup>)>, Option<Error>) {
        let mut answers = Vec::with_capacity(wanted.len());
        let mut open = Vec::with_capacity(wanted.len());
        // The first that waits has the layer told of all, where nobody does that in the background.
        let mut wanting = wanted.iter().map(|&i| &keys[i]);
        if let Some(key) = wanting.find(|key| layer.pending.look(key).is_some()) {
            layer.waiting(key, layer.deadline).await;
        }
        for &i in wanted {
            match layer.pending.look(&keys[i]) {
                Some(Waiting::Held(entry)) => answers.push((i, Some(Lookup::Hit(entry)))),
                Some(Waiting::Barred) => answers.push((i, None)),
                None => open.push(i),
            }
        }
        if open.is_empty() {
            return (answers, None);
        }
        let asked: Vec<Key> = open.iter().map(|&i| keys[i].clone()).collect();
        let asking = layer.backend.get_many(&asked, value_type);
        let failed = match layer.ask(Operation::Get, layer.deadline, asking).await {
            Ok(found) => {
                answers.extend(open.into_iter().zip(found.into_iter().map(Some)));
                None
            }
            Err(error) => {
                answers.extend(open.into_iter().map(|i| (i, None)));
                Some(error)
            }
        };
        (answers, failed)
    }
}

/// The failures of a read: they matter only when no layer answered.
#[derive(Default)]
pub(super) struct Errors {
    first: Option<Error>,
    count: usize,
}

impl Errors {
    /// Adds the failure of a layer. A silent one that fails is one that has nothing.
    pub(super) fn add(&mut self, layer: &StackLayer, error: Error) {
        if layer.silent {
            return;
        }
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
