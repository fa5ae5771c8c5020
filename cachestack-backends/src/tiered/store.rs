//! Stores of what was computed, under the fence: the last two steps of a write, unless something overtook
//! the computation.

use std::time::{Duration, Instant};

use super::first_error::FirstError;
use super::layer::StackLayer;
use super::numbers::{are_kept, bound, bound_here};
use super::passage::{Left, Passage, have_ended};
use super::remove::Unfinished;
use super::section::PATIENCE;
use super::stack::{Inner, TieredCache};
use super::written::Written;
use crate::backend::Backend;
use crate::clock::Moment;
use crate::entry::{Entry, ValueType};
use crate::error::{Operation, Result};
use crate::fence::FenceToken;
use crate::generation::Lives;
use crate::key::Key;

impl TieredCache {
    /// Stores what was looked up or computed on a passage, unless something overtook it; says whether it was
    /// stored. Layers that others write to too get it only after a [look-up](Self::look_up) on the passage,
    /// which found out the numbers of what it depends on.
    ///
    /// # Errors
    /// The error of the highest layer that failed; the others have the entry.
    pub async fn store(&self, key: &Key, entry: Entry, passage: &Passage) -> Result<bool> {
        self.0.check_type(&entry)?;
        let (token, left, lives) = (&passage.token, &passage.left, &passage.lives);
        #[cfg(mutant = "late_generation")]
        let lives = &self.late(key, lives).await;
        let known = &self.known_late(lives).await;
        let (lives, whole) = (known, are_kept(known));
        let entry = bound(entry, lives);
        if entry.is_outdated() {
            self.0.report.counters.fenced.add(1);
            return Ok(false);
        }
        let time = match whole || !self.0.numbered {
            true => self.0.time_to_fill(key, entry.value_type(), left),
            false => None,
        };
        let stored = match time {
            None => {
                let written = self.0.written(entry).whole(whole);
                self.put_in_memory(key, &written, Some(token), FirstError::default())
            }
            Some(time) => {
                let (token, left) = (token.clone(), left.clone());
                let filling = self.clone().fill(key.clone(), entry, token, left, time);
                self.to_the_end(filling).await
            }
        };
        if matches!(stored, Ok(false)) {
            self.0.report.counters.fenced.add(1);
        }
        stored
    }

    /// The same where every layer is in this process, at that moment.
    ///
    /// # Errors
    /// The entry, untouched, where somebody may have to wait.
    #[doc(hidden)]
    pub fn store_now(
        &self,
        key: &Key,
        entry: Entry,
        passage: &Passage,
        now: Moment,
    ) -> Result<Result<bool>, Entry> {
        if !self.is_in_process() {
            return Err(entry);
        }
        if let Err(error) = self.0.check_type(&entry) {
            return Ok(Err(error));
        }
        let entry = bound_here(key, entry, &passage.lives);
        let written = self.0.written_at(entry, now);
        let stored = self.put_in_memory(key, &written, Some(&passage.token), FirstError::default());
        if matches!(stored, Ok(false)) {
            self.0.report.counters.fenced.add(1);
        }
        Ok(stored)
    }

    /// The generations with their numbers, of a passage without a look-up too. Of a store that nobody else writes
    /// to it is not too late: whether they have ended since is known here.
    async fn known_late(&self, lives: &Lives) -> Lives {
        let mut known = lives.clone();
        let late = self.0.numbered && self.0.stale_after.is_none();
        if late && !are_kept(lives) && !have_ended(lives) {
            drop(Box::pin(self.know(&mut known)).await);
        }
        known
    }

    /// Reads the generations after the computation, as must not be done.
    #[cfg(mutant = "late_generation")]
    async fn late(&self, key: &Key, before: &Lives) -> Lives {
        let table = self.0.fence.generations();
        let mut lives: Lives = before.iter().map(|it| table.current(it.mark())).collect();
        let _ = (key, Box::pin(self.know(&mut lives)).await);
        lives
    }

    async fn fill(
        self,
        key: Key,
        entry: Entry,
        token: FenceToken,
        left: Left,
        time: Duration,
    ) -> Result<bool> {
        let began = Instant::now();
        let mut failed = FirstError::default();
        let locked = self.0.lock(std::iter::once(&key), Some(time)).await;
        let waited = began.elapsed();
        let guard = locked.map_err(|error| failed.note(Err(error))).ok();
        if !token.is_current() || entry.is_outdated() {
            return Ok(false);
        }
        let written = self.0.written(entry.sharing_bytes());
        if guard.is_some() {
            let unfinished = Unfinished::new(|| self.forget(&key, &mut FirstError::default()));
            for (index, layer) in self.0.slow_layers().rev() {
                let left = left.of(index).saturating_sub(waited);
                let filled = layer.fill(&key, &written, index, left).await;
                failed.note_of(layer, filled);
            }
            unfinished.ended();
        }
        let stored = self.put_in_memory(&key, &written, Some(&token), failed);
        // Who voided it may have lost patience with this, and have deleted before it arrived.
        if guard.is_some() && matches!(stored, Ok(false)) && began.elapsed() >= PATIENCE {
            let slow = self.0.slow_layers();
            slow.for_each(|(_, layer)| layer.owes(&key, false));
        }
        stored
    }
}

impl Inner {
    /// How long a computed value may wait for its turn with the slow layers; `None` where none of them is to
    /// have it.
    pub(super) fn time_to_fill(
        &self,
        key: &Key,
        value_type: &ValueType,
        left: &Left,
    ) -> Option<Duration> {
        let slow = self.slow_layers();
        let asked = slow.filter(|(index, layer)| layer.fills(key, value_type, left.of(*index)));
        asked.map(|(index, _)| left.of(index)).max()
    }
}

impl StackLayer {
    /// Whether the layer is to have a computed value. Where no time is left, or older changes have yet to
    /// arrive, it goes without.
    pub(super) fn fills(&self, key: &Key, value_type: &ValueType, left: Duration) -> bool {
        self.takes(value_type) && !left.is_zero() && self.pending.look(key).is_none()
    }

    /// Gives the layer a computed value, in what is left of the caller's time.
    async fn fill(&self, key: &Key, written: &Written, index: usize, left: Duration) -> Result<()> {
        if !self.fills(key, written.entry.value_type(), left) {
            return Ok(());
        }
        let filling = self.backend.set(key, written.share(index));
        let filled = self.ask(Operation::Set, left, filling).await;
        if let Err(error) = &filled {
            // One that may still arrive could do so after the next invalidation.
            if error.is_uncertain() {
                self.owes(key, true);
            }
        }
        filled
    }
}
