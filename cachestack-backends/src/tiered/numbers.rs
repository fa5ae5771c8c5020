//! The numbers of generations in the layers that keep them: what is known of them, what is read, and those
//! that are made.

use std::sync::Arc;
use std::time::Duration;

use super::copy::Passed;
use super::descent::Descent;
use super::first_error::FirstError;
use super::layer::StackLayer;
use super::passage::Left;
use super::read::Fresh;
use super::stack::{Inner, Kept, TieredCache};
use super::written::Written;
use crate::backend::Backend;
use crate::clock::Moment;
use crate::entry::{Entry, Generation};
use crate::error::{Error, Operation, Result};
use crate::fence::FenceToken;
use crate::generation::{COPY, Live, Lives, Number, is_ours, mark_of, random};
use crate::key::{Key, Namespace};

/// A generation whose number is looked for.
pub(super) struct Mark {
    /// Taken before the layers were asked.
    pub(super) live: Arc<Live>,
    /// Whether a store had its number then, as far as was known.
    was_kept: bool,
    asked: Moment,
    pub(super) token: FenceToken,
    pub(super) passed: Passed,
    /// Whether a layer that may have it did not answer.
    pub(super) unanswered: bool,
    pub(super) reading: Reading,
}

/// What is known of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Wanted,
    Found(u128),
    /// No layer has any.
    Absent,
    /// No layer that answered has any.
    Unknown,
}

impl Mark {
    /// Every layer was asked.
    pub(super) fn end(&mut self) {
        if self.reading == Reading::Wanted {
            self.reading = match self.unanswered {
                true => Reading::Unknown,
                false => Reading::Absent,
            };
        }
    }
}

impl Inner {
    /// What to look for of those generations; nothing where numbers are kept in no layer.
    pub(super) fn marks(&self, lives: &[Arc<Live>], fresh: Fresh) -> Vec<Mark> {
        if !self.numbered {
            return Vec::new();
        }
        let asked = self.clock.now();
        let mark = |live: &Arc<Live>| Mark {
            was_kept: live.is_kept(),
            reading: match live.number() {
                Some(number) if self.need_not_ask(live, fresh, asked) => Reading::Found(number),
                _ => Reading::Wanted,
            },
            token: self.fence.token(live.mark().digest()),
            live: Arc::clone(live),
            asked,
            passed: Passed::new(),
            unanswered: false,
        };
        lives.iter().map(mark).collect()
    }

    /// Whether the number that is known of a generation is to be relied on.
    fn need_not_ask(&self, live: &Live, fresh: Fresh, now: Moment) -> bool {
        match (self.stale_after, fresh) {
            _ if !live.is_kept() => false,
            // Nobody else writes there.
            (None, _) => true,
            (Some(_), Fresh::Always) => false,
            // Half of it, so that what memory gets has some of it left.
            (Some(time), Fresh::Recently) => {
                let time = (time / 2).min(COPY);
                live.last_seen().is_some_and(|at| now.since(at) < time)
            }
        }
    }

    /// Whether a number that a layer has is to be looked for further down: it is not the one that is known, and
    /// may be a copy that came late. The lowest layer is the first to have a number that replaces another.
    pub(super) fn doubts(&self, index: usize, mark: &Mark, number: u128) -> bool {
        let mut below = self.layers[index + 1..].iter();
        let is_another = |known: u128| known != number;
        mark.live.number().is_some_and(is_another) && below.any(|it| it.keeps_numbers())
    }

    /// Takes note of a number that a layer has.
    pub(super) fn learn(&self, mark: &mut Mark, number: u128) {
        mark.reading = Reading::Found(number);
        if mark.live.number_or(|| number) == number {
            mark.live.seen(mark.asked);
            return;
        }
        // Somebody else replaced it. An invalidation that came since then knows better.
        if let Some(live) = self.fence.generations().supersede(&mark.live, number) {
            live.seen(mark.asked);
            mark.live = live;
        }
    }

    /// Whether a number that an entry has is known not to be the current one.
    pub(super) fn is_replaced(&self, namespace: &Namespace, entry: &Entry, marks: &[Mark]) -> bool {
        let numbers = entry.generations().iter().filter(|it| is_ours(&it.name));
        let replaced = |generation: &Generation| {
            let key = mark_of(namespace, &generation.name);
            let known = marks.iter().find(|it| *it.live.mark() == key);
            match known.map(|it| it.reading) {
                Some(Reading::Found(number)) => number != generation.number,
                Some(Reading::Absent) => true,
                Some(Reading::Wanted | Reading::Unknown) | None => false,
            }
        };
        numbers.into_iter().any(replaced)
    }

    /// The entry with the generations it depends on, when their numbers are the current ones.
    ///
    /// What only waits to be written has its generations with it, as what is in memory has: where their numbers
    /// cannot be read, those decide.
    pub(super) fn with_lives(
        &self,
        key: &Key,
        entry: Entry,
        marks: &[Mark],
        waits: bool,
    ) -> Option<Entry> {
        let mut lives = Lives::new();
        let namespace = key.namespace();
        let of = |name: &str| {
            let key = mark_of(namespace, name);
            marks.iter().find(move |it| *it.live.mark() == key)
        };
        if !namespace.is_reserved() {
            lives.extend(of(namespace.mark().text()).map(|it| Arc::clone(&it.live)));
        }
        for generation in entry.generations().iter().filter(|it| is_ours(&it.name)) {
            let mark = of(&generation.name)?;
            match mark.reading {
                Reading::Found(number) if number == generation.number => {
                    lives.push(Arc::clone(&mark.live));
                }
                Reading::Unknown if waits => {}
                _ => return None,
            }
        }
        Some(bound(entry, &lives))
    }

    /// How long memory may keep what depends on those generations: its limit counts from when their numbers
    /// were read.
    pub(super) fn limit_known(&self, kept: &mut Kept, entry: &Entry, now: Moment) {
        if self.stale_after.is_none() {
            return;
        }
        let seen = entry.lives().iter().filter_map(|live| live.last_seen());
        let Some(age) = seen.min().map(|at| now.since(at)) else {
            return;
        };
        for (index, layer) in self.layers.iter().enumerate().take(kept.len()) {
            if let (true, Some(most)) = (layer.is_plain(), layer.info.max_ttl) {
                let left = most.saturating_sub(age);
                kept[index] = Some(kept[index].map_or(left, |kept| kept.min(left)));
            }
        }
    }
}

/// The entry with those generations beside its own. Of a name that it has a number of already it keeps that.
pub(super) fn bound(entry: Entry, lives: &Lives) -> Entry {
    let mut all: Lives = entry.lives().iter().cloned().collect();
    let mut generations = entry.generations().to_vec();
    for live in lives {
        if !all.iter().any(|it| Arc::ptr_eq(it, live)) {
            all.push(Arc::clone(live));
        }
        let known = generations.iter().any(|it| *it.name == *live.name());
        if let (false, true, Some(number)) = (known, live.is_kept(), live.number()) {
            generations.push(Generation::new(live.name(), number));
        }
    }
    entry.depends_on(generations.into(), all)
}

/// The same where no store has a number of any of them. What is of a function alone, as most is, shares what it has to
/// remember for that.
pub(super) fn bound_here(key: &Key, entry: Entry, lives: &Lives) -> Entry {
    let has_number = |live: &Arc<Live>| live.is_kept();
    match lives.last() {
        Some(last) if last.is_function() && !entry.depends() && !lives.iter().any(has_number) => {
            entry.sharing(last.shared(lives, key.digest()))
        }
        _ => bound(entry, lives),
    }
}

/// Whether what depends on those generations may leave the process: their numbers are in a store.
pub(super) fn are_kept(lives: &[Arc<Live>]) -> bool {
    lives.iter().all(|live| live.is_kept())
}

impl TieredCache {
    /// The numbers of generations that something is to be written with, read where they are not known or were
    /// read long ago, and made where there are none; why they could not be, where they could not.
    pub(super) async fn know(&self, lives: &mut Lives) -> Option<Error> {
        let mut left = self.0.deadlines();
        let mut marks = self.0.marks(lives, Fresh::Recently);
        if marks.iter().all(|mark| mark.reading != Reading::Wanted) {
            return None;
        }
        let mut descent = Descent::new(self, &mut left, marks, &|_| true);
        descent.read_numbers().await;
        let errors;
        (marks, errors) = descent.end();
        let failed = self.make_numbers(&mut marks, &left).await;
        for (live, mark) in lives.iter_mut().zip(marks) {
            *live = mark.live;
        }
        match are_kept(lives) {
            true => None,
            false => errors.first.or(failed),
        }
    }

    /// Makes numbers for the generations that have none in any layer, and writes them there.
    pub(super) async fn make_numbers(&self, marks: &mut [Mark], left: &Left) -> Option<Error> {
        let table = self.0.fence.generations();
        let mut made = Vec::new();
        for mark in marks.iter_mut() {
            if mark.reading != Reading::Absent || mark.live.has_ended() {
                continue;
            }
            // A number that was lost may have been replaced before; who has it gets nothing by it.
            if mark.was_kept {
                match table.supersede(&mark.live, random()) {
                    Some(live) => mark.live = live,
                    None => continue,
                }
            }
            if !mark.live.is_kept() {
                made.push((Arc::clone(&mark.live), mark.token.clone()));
            }
        }
        if made.is_empty() {
            return None;
        }
        let (stack, left) = (self.clone(), left.clone());
        let asked = self.0.clock.now();
        let making = async move { stack.write_made(made, &left, asked).await };
        let written = match self.0.has_slow_layers() {
            true => self.to_the_end(making).await,
            false => making.await,
        };
        written.err()
    }

    async fn write_made(
        self,
        made: Vec<(Arc<Live>, FenceToken)>,
        left: &Left,
        asked: Moment,
    ) -> Result<()> {
        let keys: Vec<Key> = made.iter().map(|(live, _)| live.mark().clone()).collect();
        let slow = || self.0.slow_layers().rev();
        let slow = || slow().filter(|(_, layer)| layer.keeps_numbers());
        let time = slow().map(|(index, _)| left.of(index)).max();
        let time = time.filter(|time| !time.is_zero());
        let mut failed = FirstError::default();
        let mut kept = false;
        let guard = match time {
            None => None,
            Some(time) => self.0.lock(keys.iter(), Some(time)).await.ok(),
        };
        let written = made.iter().filter(|(live, token)| {
            // Another caller may have been first, with the same number.
            !live.has_ended() && !live.is_kept() && token.is_current()
        });
        let written: Vec<(&Arc<Live>, &FenceToken, Written)> = written
            .map(|(live, token)| {
                let entry = Number::entry(live.number_or(random), asked);
                (live, token, self.0.written(entry.sharing_bytes()))
            })
            .collect();
        if written.is_empty() {
            return Ok(());
        }
        if guard.is_some() {
            for (index, layer) in slow() {
                let entries = written
                    .iter()
                    .map(|(live, _, it)| (live.mark().clone(), it.share(index)));
                let filled = layer.fill_many(entries.collect(), left.of(index)).await;
                kept |= matches!(filled, Ok(true));
                failed.note_of(layer, filled.map(drop));
            }
        }
        let others = self.0.immediate_layers().chain(self.0.later_layers());
        kept |= others.into_iter().any(|(_, layer)| layer.keeps_numbers());
        for (live, token, written) in &written {
            // Ahead of the step that voids the tokens of whoever makes it too: they rely on it then. What an
            // invalidation has voided meanwhile has ended, and nobody asks whether that is kept.
            if kept {
                live.seen(asked);
            }
            let put = self.put_in_memory(live.mark(), written, Some(token), FirstError::default());
            failed.note(put.map(drop));
        }
        drop(guard);
        failed.into_result()
    }
}

impl StackLayer {
    /// Gives the layer numbers that were made, in what is left of the caller's time; says whether it took them.
    async fn fill_many(&self, entries: Vec<(Key, Entry)>, left: Duration) -> Result<bool> {
        let waits = |(key, _): &(Key, Entry)| self.pending.look(key).is_some();
        if left.is_zero() || entries.iter().any(waits) {
            return Ok(false);
        }
        let keys: Vec<Key> = entries.iter().map(|(key, _)| key.clone()).collect();
        let filled = match <[(Key, Entry); 1]>::try_from(entries) {
            Ok([(key, entry)]) => {
                let filling = self.backend.set(&key, entry);
                self.ask(Operation::Set, left, filling).await
            }
            Err(entries) => {
                let filling = self.backend.set_many(entries);
                self.ask(Operation::Set, left, filling).await
            }
        };
        if let Err(error) = &filled {
            // Numbers that may still arrive could do so after the next invalidation.
            if error.is_uncertain() {
                keys.iter().for_each(|key| self.owes(key, true));
            }
        }
        filled.map(|()| true)
    }
}
