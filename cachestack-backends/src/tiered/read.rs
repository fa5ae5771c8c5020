//! Look-ups, as callers ask for them. The way down is that of a [`Descent`].

use smallvec::SmallVec;

use super::descent::{Descent, Good, Want};
use super::layer::StackLayer;
use super::numbers::Mark;
use super::passage::Passage;
use super::pending::Waiting;
use super::stack::{Inner, TieredCache};
use super::write::made_its_caller_wait;
use crate::backend::{Backend, Lookup};
use crate::entry::{Entry, Seen, ValueType};
use crate::error::{Error, Operation, Result};
use crate::fence::FenceToken;
use crate::key::{Key, KeyDigest};
use crate::runtime::poll_once;

impl TieredCache {
    /// Looks into the top layer, when it answers at once. What only a layer below has is found by
    /// [`look_up`](Self::look_up), which copies it up.
    #[inline]
    pub(super) fn peek_top(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        let found = self.0.top.as_ref()?.peek_shared(key, value_type)?;
        if found.is_outdated() {
            // The look-up that follows counts it.
            return None;
        }
        self.0.report.counters.hits.one_more();
        Some(found)
    }

    /// Looks into every layer, within what the passage has left, which becomes less. A stale entry is taken where no
    /// layer has a fresh one. Where nothing fresh is found and the caller computes, what it is to store can be stored: numbers that the generations it depends on do
    /// not have yet are made.
    ///
    /// # Errors
    /// When no layer answered.
    pub async fn look_up(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
    ) -> Result<Lookup> {
        self.look_up_until(key, value_type, passage, self.is_fresh())
            .await
    }

    /// The same, where an entry that is not good enough is taken only when no layer has a better one.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    pub async fn look_up_until(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
        is_good: impl Fn(&Entry) -> bool + Sync,
    ) -> Result<Lookup> {
        self.enter(key, value_type, passage, Some(&is_good)).await
    }

    /// [`look_up_until`](Self::look_up_until) where there is one layer, which is in this process: what it has is taken
    /// however good it is. `None` where somebody may have to wait.
    #[doc(hidden)]
    pub fn look_up_now(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
    ) -> Option<Lookup> {
        let [layer] = &self.0.layers[..] else {
            return None;
        };
        if !layer.is_plain() || !layer.takes(value_type) {
            return None;
        }
        let found = layer.backend.get_now(key, value_type)?;
        let found = self.0.checked(found, value_type);
        passage.found_in = found.is_hit().then_some(0);
        self.0.count(value_type, &found);
        Some(found)
    }

    fn is_fresh(&self) -> impl Fn(&Entry) -> bool + Sync + use<> {
        let now = self.0.clock.now();
        move |entry| entry.is_fresh(now)
    }

    /// The same for a caller that does not compute.
    pub(super) async fn look(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
    ) -> Result<Lookup> {
        self.enter(key, value_type, passage, None).await
    }

    async fn enter(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
        computes_unless: Option<Good<'_>>,
    ) -> Result<Lookup> {
        let found = match self.0.immediate == self.0.layers.len() {
            true => self.find_now(key, value_type, passage, computes_unless),
            // Apart, so that the futures of functions stay small: they call each other.
            false => Box::pin(self.find(key, value_type, passage, computes_unless)).await,
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
        computes_unless: Option<Good<'_>>,
    ) -> Result<Lookup> {
        let found = poll_once(self.find(key, value_type, passage, computes_unless));
        found.unwrap_or_else(|| Err(made_its_caller_wait()))
    }

    async fn find(
        &self,
        key: &Key,
        value_type: &'static ValueType,
        passage: &mut Passage,
        computes_unless: Option<Good<'_>>,
    ) -> Result<Lookup> {
        let marks = self.0.marks(&passage.lives, Fresh::Always);
        let is_fresh = self.is_fresh();
        let is_good = computes_unless.unwrap_or(&is_fresh);
        let mut descent = Descent::new(self, &mut passage.left, marks, is_good);
        descent
            .wants
            .push(Want::new(key, value_type, &passage.token));
        descent.go_down().await;
        let want = descent.wants.pop();
        passage.found_in = want.as_ref().and_then(|want| want.found_in);
        let found = want.map_or(Lookup::Miss, Want::answer);
        let (mut marks, errors) = descent.end();
        let serves = |entry: Option<&Entry>| entry.is_some_and(is_good);
        if computes_unless.is_some() && !serves(found.entry()) {
            self.make_numbers(&mut marks, &passage.left).await;
        }
        for (live, mark) in passage.lives.iter_mut().zip(marks) {
            *live = mark.live;
        }
        if found.is_hit() {
            self.0.count(value_type, &found);
            return Ok(found);
        }
        errors.unless_answered(self.0.takers(value_type))?;
        self.0.count(value_type, &found);
        Ok(found)
    }

    /// The same for several keys, with one `get_many` a layer for what is still missing.
    pub(super) async fn find_many(
        &self,
        keys: &[(Key, &'static ValueType)],
    ) -> Result<Vec<Lookup>> {
        let mut marks: Vec<Mark> = Vec::new();
        for (key, _) in keys {
            let own = key.namespace().mark();
            let known = |mark: &Mark| *mark.live.mark() == own;
            if !marks.iter().any(known) {
                let lives = self.0.lives(key.namespace(), &[]);
                marks.extend(self.0.marks(&lives, Fresh::Always));
            }
        }
        let tokens = keys.iter().map(|(key, _)| self.0.fence.token(key.digest()));
        let tokens: Vec<FenceToken> = tokens.collect();
        let mut left = self.0.deadlines();
        let is_fresh = self.is_fresh();
        let mut descent = Descent::new(self, &mut left, marks, &is_fresh);
        let wanted = keys.iter().zip(&tokens);
        let wanted = wanted.map(|((key, value_type), token)| Want::new(key, value_type, token));
        descent.wants.extend(wanted);
        descent.go_down().await;
        let found = std::mem::take(&mut descent.wants);
        let found: Vec<Lookup> = found.into_iter().map(Want::answer).collect();
        let (_, errors) = descent.end();
        let takers = keys.iter().map(|(_, value_type)| self.0.takers(value_type));
        errors.unless_answered(takers.max().unwrap_or_default())?;
        for ((_, value_type), found) in keys.iter().zip(&found) {
            self.0.count(value_type, found);
        }
        Ok(found)
    }
}

impl TieredCache {
    /// The entry of any type that a layer has under a key, when it is live by its time and by its generations;
    /// `known` is what is known of those by now.
    ///
    /// A layer that keeps numbers is asked for the entry itself, as only that says what it depends on; before
    /// that, for the numbers that are not known, or that others may have replaced a while ago.
    pub(super) async fn held(
        &self,
        key: &Key,
        index: usize,
        operation: Operation,
        known: &mut Vec<Mark>,
    ) -> Result<Option<Entry>> {
        let layer = &self.0.layers[index];
        let mut waits = false;
        let found = match layer.waiting(key, layer.deadline).await {
            Some(Waiting::Held(entry)) => {
                waits = true;
                Lookup::Hit(entry)
            }
            Some(Waiting::Barred) => Lookup::Miss,
            None => {
                let asked = layer.backend.get(key, ValueType::WHATEVER);
                layer.ask(operation, layer.deadline, asked).await?
            }
        };
        let Lookup::Hit(entry) = found else {
            return Ok(None);
        };
        if !entry.is_live(self.0.clock.now()) || entry.is_outdated() {
            return Ok(None);
        }
        let mut left = self.0.deadlines();
        let mut descent = Descent::new(self, &mut left, std::mem::take(known), &|_| true);
        descent.resolve(key.namespace(), &entry).await;
        (*known, _) = descent.end();
        Ok(self.0.with_lives(key, entry, known, waits))
    }
}

/// When a number that is known already is read again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    /// Whenever somebody else may have replaced it.
    Always,
    /// When that may have happened longer ago than memory keeps what others may change.
    Recently,
}

impl Inner {
    pub(super) fn count(&self, value_type: &ValueType, found: &Lookup) {
        self.report.counters.count_found(value_type, found);
    }

    /// How many layers can hold values of that type.
    pub(super) fn takers(&self, value_type: &ValueType) -> usize {
        self.layers.iter().filter(|it| it.takes(value_type)).count()
    }

    /// A hit only when it is live and of the type that was asked for, whatever the layer said.
    pub(super) fn checked(&self, found: Lookup, value_type: &'static ValueType) -> Lookup {
        match found {
            Lookup::Hit(entry) if !entry.is_live(self.clock.now()) => Lookup::Miss,
            Lookup::Hit(entry) if entry.is_outdated() => {
                self.report.counters.outdated.add(1);
                Lookup::Miss
            }
            Lookup::Hit(entry) if !value_type.describes(entry.any()) => Lookup::Mismatch,
            found => found,
        }
    }
}

/// The failures of a read: they matter only when no layer answered.
#[derive(Default)]
pub(super) struct Errors {
    pub(super) first: Option<Error>,
    layers: SmallVec<[usize; 2]>,
}

impl Errors {
    /// Adds the failure of a layer. A silent one that fails is one that has nothing.
    pub(super) fn add(&mut self, index: usize, layer: &StackLayer, error: Error) {
        if layer.silent {
            return;
        }
        if !self.layers.contains(&index) {
            self.layers.push(index);
        }
        self.first.get_or_insert(error);
    }

    pub(super) fn unless_answered(self, asked: usize) -> Result<()> {
        match self.first {
            Some(error) if self.layers.len() == asked => Err(error),
            _ => Ok(()),
        }
    }
}
