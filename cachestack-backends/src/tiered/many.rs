//! Look-ups and stores of several keys, each on a passage of its own: what overtakes one of them leaves the
//! others alone. Every layer is asked once for all of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::descent::{Descent, Want};
use super::first_error::FirstError;
use super::layer::StackLayer;
use super::numbers::{are_kept, bound};
use super::passage::{Left, Passage, have_ended};
use super::read::Fresh;
use super::remove::Unfinished;
use super::section::PATIENCE;
use super::stack::TieredCache;
use super::written::Written;
use crate::backend::{Backend, Lookup};
use crate::entry::{Entry, ValueType};
use crate::error::{Operation, Result};
use crate::fence::FenceToken;
use crate::generation::{Live, Lives};
use crate::key::Key;

impl TieredCache {
    /// [`look_up`](Self::look_up) for several different keys, with one `get_many` a layer for those that are
    /// still missing, and for the numbers of all that they depend on. They share what the first passage has
    /// left of each layer's deadline.
    ///
    /// # Errors
    /// When no layer answered.
    pub async fn look_up_many(
        &self,
        wanted: &mut [(&Key, &mut Passage)],
        value_type: &'static ValueType,
    ) -> Result<Vec<Lookup>> {
        let found = Box::pin(self.find_each(wanted, value_type)).await;
        let missed = || wanted.iter().map(|_| Lookup::Miss).collect();
        self.0.report.outcome(Operation::Get, None, found, missed)
    }

    async fn find_each(
        &self,
        wanted: &mut [(&Key, &mut Passage)],
        value_type: &'static ValueType,
    ) -> Result<Vec<Lookup>> {
        let Some(mut left) = wanted.first().map(|(_, passage)| passage.left.clone()) else {
            return Ok(Vec::new());
        };
        let mut all = Together::of(wanted.iter().map(|(_, passage)| &passage.lives));
        let marks = self.0.marks(&all.lives, Fresh::Always);
        let now = self.0.clock.now();
        let is_fresh = |entry: &Entry| entry.is_fresh(now);
        let mut descent = Descent::new(self, &mut left, marks, &is_fresh);
        let wants = wanted.iter();
        let wants = wants.map(|(key, passage)| Want::new(key, value_type, &passage.token));
        descent.wants.extend(wants);
        descent.go_down().await;
        let found = std::mem::take(&mut descent.wants);
        let places: Vec<Option<usize>> = found.iter().map(|want| want.found_in).collect();
        let found: Vec<Lookup> = found.into_iter().map(Want::answer).collect();
        let (mut marks, errors) = descent.end();
        let serves = |found: &Lookup| found.entry().is_some_and(is_fresh);
        if !found.iter().all(serves) {
            self.make_numbers(&mut marks, &left).await;
        }
        // What was found to depend on more stands behind those.
        for (live, mark) in all.lives.iter_mut().zip(marks) {
            *live = mark.live;
        }
        for ((_, passage), found_in) in wanted.iter_mut().zip(places) {
            passage.found_in = found_in;
            all.give_back(&mut passage.lives);
            passage.left = left.clone();
        }
        if !found.iter().any(Lookup::is_hit) {
            errors.unless_answered(self.0.takers(value_type))?;
        }
        for found in &found {
            self.0.count(value_type, found);
        }
        Ok(found)
    }

    /// [`store`](Self::store) for several different keys, with one `set_many` a layer; says which were
    /// left out because something overtook them, by their places in `entries`. Layers that are not memory are given all of them when
    /// nobody else writes any of them there any more.
    ///
    /// # Errors
    /// The error of the highest layer that failed; the others have the entries.
    pub async fn store_many(&self, entries: Vec<(Key, Entry, &Passage)>) -> Result<Vec<usize>> {
        for (_, entry, _) in &entries {
            self.0.check_type(entry)?;
        }
        let Some(left) = entries.first().map(|(_, _, passage)| passage.left.clone()) else {
            return Ok(Vec::new());
        };
        let known = self.known_late_of_all(&entries).await;
        let mut ends = Ends::default();
        let (mut slow, mut time) = (Vec::new(), None);
        for (place, ((key, entry, passage), lives)) in entries.into_iter().zip(known).enumerate() {
            let (token, whole) = (passage.token.clone(), are_kept(&lives));
            let entry = bound(entry, &lives);
            if entry.is_outdated() {
                ends.fenced(self, place);
                continue;
            }
            let fills = match whole || !self.0.numbered {
                true => self.0.time_to_fill(&key, entry.value_type(), &left),
                false => None,
            };
            if fills.is_some() {
                time = time.max(fills);
                slow.push((place, key, entry, token));
                continue;
            }
            let written = self.0.written(entry).whole(whole);
            let put = self.put_in_memory(&key, &written, Some(&token), FirstError::default());
            ends.note(self, place, put);
        }
        if let Some(time) = time {
            let filling = self.clone().fill_each(slow, left, time);
            let filled = self.to_the_end(filling).await;
            let more = filled.map(|more| ends.overtaken.extend(more));
            ends.failed.note(more);
        }
        ends.into_result()
    }

    /// What `known_late` is for one.
    async fn known_late_of_all(&self, entries: &[(Key, Entry, &Passage)]) -> Vec<Lives> {
        let lives = entries.iter().map(|(_, _, passage)| passage.lives.clone());
        let mut lives: Vec<Lives> = lives.collect();
        if !self.0.numbered || self.0.stale_after.is_some() {
            return lives;
        }
        let unknown = |it: &&Lives| !are_kept(it) && !have_ended(it);
        let mut all = Together::of(lives.iter().filter(unknown));
        if !all.lives.is_empty() {
            drop(Box::pin(self.know(&mut all.lives)).await);
            lives.iter_mut().for_each(|it| all.give_back(it));
        }
        lives
    }

    async fn fill_each(
        self,
        entries: Vec<(usize, Key, Entry, FenceToken)>,
        left: Left,
        time: Duration,
    ) -> Result<Vec<usize>> {
        let began = Instant::now();
        let mut ends = Ends::default();
        let locked = self
            .0
            .lock(entries.iter().map(|(_, key, ..)| key), Some(time));
        let locked = locked.await;
        let waited = began.elapsed();
        let guard = locked.map_err(|error| ends.failed.note(Err(error))).ok();
        let (mut tokens, mut written) = (Vec::new(), Vec::new());
        for (place, key, entry, token) in entries {
            if !token.is_current() || entry.is_outdated() {
                ends.fenced(&self, place);
                continue;
            }
            tokens.push((place, token));
            written.push((key, self.0.written(entry.sharing_bytes())));
        }
        if guard.is_some() {
            let keys = || written.iter().map(|(key, _)| key);
            let unfinished = Unfinished::new(|| self.forget_each(keys()));
            for (index, layer) in self.0.slow_layers().rev() {
                let left = left.of(index).saturating_sub(waited);
                let filled = layer.fill_each(&written, index, left).await;
                ends.failed.note_of(layer, filled);
            }
            unfinished.ended();
        }
        for ((key, written), (place, token)) in written.iter().zip(&tokens) {
            let put = self.put_in_memory(key, written, Some(token), FirstError::default());
            // Who voided it may have lost patience with this, and have deleted before it arrived.
            if guard.is_some() && matches!(put, Ok(false)) && began.elapsed() >= PATIENCE {
                let slow = self.0.slow_layers();
                slow.for_each(|(_, layer)| layer.owes(key, false));
            }
            ends.note(&self, *place, put);
        }
        ends.into_result()
    }
}

impl StackLayer {
    /// Gives the layer computed values, in what is left of the caller's time.
    async fn fill_each(
        &self,
        written: &[(Key, Written)],
        index: usize,
        left: Duration,
    ) -> Result<()> {
        let wanted = written.iter();
        let wanted = wanted.filter(|(key, it)| self.fills(key, it.entry.value_type(), left));
        let batch: Vec<(Key, Entry)> = wanted
            .map(|(key, it)| (key.clone(), it.share(index)))
            .collect();
        if batch.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = batch.iter().map(|(key, _)| key.clone()).collect();
        let filling = self.backend.set_many(batch);
        let filled = self.ask(Operation::Set, left, filling).await;
        if let Err(error) = &filled {
            // Those that may still arrive could do so after the next invalidation.
            if error.is_uncertain() {
                keys.iter().for_each(|key| self.owes(key, true));
            }
        }
        filled
    }
}

/// How the stores of several keys ended.
#[derive(Default)]
struct Ends {
    /// The places of those that something overtook.
    overtaken: Vec<usize>,
    failed: FirstError,
}

impl Ends {
    fn note(&mut self, stack: &TieredCache, place: usize, put: Result<bool>) {
        match put {
            Ok(true) => {}
            Ok(false) => self.fenced(stack, place),
            Err(error) => self.failed.note(Err(error)),
        }
    }

    fn fenced(&mut self, stack: &TieredCache, place: usize) {
        stack.0.report.counters.fenced.add(1);
        self.overtaken.push(place);
    }

    fn into_result(self) -> Result<Vec<usize>> {
        self.failed.into_result().map(|()| self.overtaken)
    }
}

/// What several keys depend on, each once.
struct Together {
    lives: Lives,
    /// Where the ones that were there at first are, by their addresses.
    places: HashMap<usize, usize>,
}

impl Together {
    fn of<'a>(each: impl Iterator<Item = &'a Lives>) -> Self {
        let (mut lives, mut places) = (Lives::new(), HashMap::new());
        for live in each.flatten() {
            places.entry(Arc::as_ptr(live).addr()).or_insert_with(|| {
                lives.push(Arc::clone(live));
                lives.len() - 1
            });
        }
        Self { lives, places }
    }

    /// What has become of those since then.
    fn give_back(&self, lives: &mut Lives) {
        for live in lives {
            if let Some(place) = self.places.get(&Arc::as_ptr(live).addr()) {
                let now: &Arc<Live> = &self.lives[*place];
                *live = Arc::clone(now);
            }
        }
    }
}
