//! Writes under the fence.
//!
//! A write by hand takes three steps: it voids what is under way; it waits for writers of that key and
//! writes the slow layers, the lowest first; then it writes the memory layers and voids once more what was
//! read below in between, in one step.

use std::future::Future;
use std::sync::Arc;

use super::first_error::FirstError;
use super::layer::StackLayer;
use super::numbers::are_kept;
use super::passage::have_ended;
use super::pending::What;
use super::remove::Unfinished;
use super::stack::{Inner, TieredCache};
use super::written::{Bonds, Written};
use crate::backend::{Backend, candidly};
use crate::clock::Moment;
use crate::codec::cannot_leave_memory;
use crate::entry::{Entry, ValueType};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::fence::FenceToken;
use crate::generation::{Dependency, Lives};
use crate::key::{Key, Namespace};
use crate::runtime::poll_once;

impl TieredCache {
    /// Stores an entry that depends on tags or a function beside its namespace, as
    /// [`set`](Backend::set) does: when one of them is invalidated, it is gone. One round trip more where the
    /// numbers of their generations are not known, or may have been replaced by others a while ago.
    ///
    /// # Errors
    /// As [`set`](Backend::set).
    pub async fn set_depending(&self, key: &Key, entry: Entry, on: &[Dependency]) -> Result<()> {
        let written = self.overwrite(key, entry, on).await;
        let report = &self.0.report;
        report.outcome(Operation::Set, Some(key.digest()), written, || ())
    }

    /// The same for several entries that depend on the same.
    ///
    /// # Errors
    /// As [`set_many`](Backend::set_many).
    pub async fn set_many_depending(
        &self,
        entries: Vec<(Key, Entry)>,
        on: &[Dependency],
    ) -> Result<()> {
        let written = self.overwrite_many(entries, on).await;
        self.0.report.outcome(Operation::Set, None, written, || ())
    }

    /// Writes by hand: whatever began before gives way.
    pub(super) async fn overwrite(&self, key: &Key, entry: Entry, on: &[Dependency]) -> Result<()> {
        self.0.check_type(&entry)?;
        self.0.fence.advance(key.digest(), || ());
        let lives = self.0.lives(key.namespace(), on);
        if !self.0.has_slow_layers() {
            let (failed, bonds) = self.bonds(lives, entry.value_type()).await;
            let (entry, whole) = bonds.tie(entry);
            let written = self.0.written(entry).whole(whole);
            let put = self.put_in_memory(key, &written, None, failed);
            return put.map(|_| ());
        }
        let (stack, key) = (self.clone(), key.clone());
        let wanted = Arc::new(());
        let still_wanted = Arc::downgrade(&wanted);
        let write = async move {
            let (mut failed, bonds) = stack.bonds(lives, entry.value_type()).await;
            let (entry, whole) = bonds.tie(entry);
            let locked = stack.0.lock(std::iter::once(&key), None).await;
            let _guard =
                locked.inspect_err(|_| stack.give_up(std::slice::from_ref(&key).iter()))?;
            if still_wanted.strong_count() == 0 {
                return Ok(());
            }
            let written = stack.0.written(entry.sharing_bytes()).whole(whole);
            let unfinished = Unfinished::new(|| stack.forget(&key, &mut FirstError::default()));
            for (index, layer) in stack.0.slow_layers().rev() {
                failed.note_of(layer, layer.replace(&key, &written, index).await);
            }
            unfinished.ended();
            let put = stack.put_in_memory(&key, &written, None, failed);
            put.map(|_| ())
        };
        let done = self.to_the_end(write).await;
        // A write that its caller dropped before it began gives way to what the caller does next.
        drop(wanted);
        done
    }

    /// What an entry that is written by hand depends on, which are those generations or what others made of
    /// them; and why their numbers are not known, where they are not: layers that keep numbers are not given it
    /// then.
    async fn bonds(&self, mut lives: Lives, value_type: &ValueType) -> (FirstError, Bonds) {
        let mut failed = FirstError::default();
        if lives.is_empty() || !self.0.needs_numbers(value_type) {
            return (failed, Bonds { lives, whole: true });
        }
        if let Some(error) = Box::pin(self.know(&mut lives)).await {
            failed.note(Err(error));
        }
        let whole = are_kept(&lives);
        // What is invalidated while it is written is gone; nothing failed.
        if !whole && failed.is_none() && !have_ended(&lives) {
            failed.note(self.0.unknown_below());
        }
        (failed, Bonds { lives, whole })
    }

    /// A write by hand could not even begin, because of another that does not end. It is an error, and all
    /// the same what was there before is not to be read any more.
    fn give_up<'a>(&self, keys: impl Iterator<Item = &'a Key> + Clone) {
        self.0.all_owe(keys.clone());
        self.forget_each(keys);
    }

    /// The last step of a write: the layers that answer at once, together with the fence and with what
    /// waits for the others.
    pub(super) fn put_in_memory(
        &self,
        key: &Key,
        written: &Written,
        token: Option<&FenceToken>,
        mut failed: FirstError,
    ) -> Result<bool> {
        let stack = &*self.0;
        // Layers that make their callers wait have made time pass since.
        let now = match stack.has_slow_layers() {
            true => stack.clock.now(),
            false => written.now,
        };
        let insert = || {
            for (index, layer) in stack.immediate_layers().rev() {
                if layer.is_plain() && written.entry.value_type().is_number() {
                    continue;
                }
                let put = match written.goes_to(layer) {
                    true => layer.put_now(key, written, index, now),
                    false => layer.delete_now(key),
                };
                if put.is_err() {
                    // What is there is older than this. The first error is the one to tell.
                    drop(layer.delete_now(key));
                }
                failed.note_of(layer, put);
            }
            for (index, layer) in stack.later_layers() {
                let takes = written.goes_to(layer);
                match token {
                    Some(_) if !written.whole => {}
                    // Without room a computed value is left out.
                    Some(_) if takes => layer.pending.put_computed(key, written.share(index)),
                    None if takes => layer
                        .pending
                        .put(key, What::Set(written.share(index)), false),
                    _ => layer.pending.put(key, What::Delete, false),
                }
            }
        };
        match token {
            None => stack.fence.advance(key.digest(), insert),
            Some(token) => {
                // A generation ends before the tokens are voided of what depends on it.
                if written.entry.is_outdated() || token.commit(insert).is_none() {
                    return Ok(false);
                }
            }
        }
        stack.later_layers().for_each(|(_, layer)| layer.attend());
        if written.entry.value_type().is_counted() {
            stack.report.counters.writes.add(1);
        }
        failed.into_result().map(|()| true)
    }

    pub(super) async fn overwrite_many(
        &self,
        mut entries: Vec<(Key, Entry)>,
        on: &[Dependency],
    ) -> Result<()> {
        for (_, entry) in &entries {
            self.0.check_type(entry)?;
        }
        // The last of several under one key wins.
        entries.reverse();
        entries.sort_by_key(|(key, _)| key.digest());
        entries.dedup_by(|later, kept| later.0 == kept.0);
        for (key, _) in &entries {
            self.0.fence.advance(key.digest(), || ());
        }
        let mut spaces: Vec<(Namespace, Lives)> = Vec::new();
        for (key, _) in &entries {
            let space = key.namespace();
            if !spaces.iter().any(|(known, _)| known == space) {
                spaces.push((space.clone(), self.0.lives(space, on)));
            }
        }
        if !self.0.has_slow_layers() {
            let (written, failed) = self.tied(entries, spaces).await;
            return self.put_many_in_memory(&written, failed);
        }
        let wanted = Arc::new(());
        let still_wanted = Arc::downgrade(&wanted);
        let stack = self.clone();
        let write = async move {
            let (written, mut failed) = stack.tied(entries, spaces).await;
            let keys = written.iter().map(|(key, _)| key);
            let locked = stack.0.lock(keys.clone(), None).await;
            let _guard = locked.inspect_err(|_| stack.give_up(keys))?;
            if still_wanted.strong_count() == 0 {
                return Ok(());
            }
            let unfinished =
                Unfinished::new(|| stack.forget_each(written.iter().map(|(key, _)| key)));
            for (index, layer) in stack.0.slow_layers().rev() {
                let replaced = layer.replace_many(&written, index).await;
                failed.note_of(layer, replaced);
            }
            unfinished.ended();
            stack.put_many_in_memory(&written, failed)
        };
        let done = self.to_the_end(write).await;
        drop(wanted);
        done
    }

    /// Those entries with what they depend on, by namespace.
    async fn tied(
        &self,
        entries: Vec<(Key, Entry)>,
        mut spaces: Vec<(Namespace, Lives)>,
    ) -> (Vec<(Key, Written)>, FirstError) {
        let mut failed = FirstError::default();
        let mut known: Vec<(Namespace, Bonds)> = Vec::new();
        let mut written: Vec<(Key, Written)> = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let space = key.namespace();
            if let Some(at) = spaces.iter().position(|(it, _)| it == space) {
                let (space, lives) = spaces.swap_remove(at);
                let (error, bonds) = self.bonds(lives, entry.value_type()).await;
                failed.note(error.into_result());
                known.push((space, bonds));
            }
            let entry = entry.sharing_bytes();
            let (entry, whole) = match known.iter().find(|(it, _)| it == space) {
                Some((_, bonds)) => bonds.tie(entry),
                None => (entry, false),
            };
            written.push((key, self.0.written(entry).whole(whole)));
        }
        (written, failed)
    }

    pub(super) fn put_many_in_memory(
        &self,
        written: &[(Key, Written)],
        mut failed: FirstError,
    ) -> Result<()> {
        for (key, written) in written {
            let put = self.put_in_memory(key, written, None, FirstError::default());
            failed.note(put.map(|_| ()));
        }
        failed.into_result()
    }
}

impl StackLayer {
    /// Puts an entry into a layer that answers at once.
    fn put_now(&self, key: &Key, written: &Written, index: usize, now: Moment) -> Result<()> {
        let share = written.share(index);
        let put = self.backend.set_now(key, share, now);
        put.unwrap_or_else(|share| at_once(self.backend.set(key, share)))
    }

    /// Has the layer replace what it has. When it does not, that must go.
    async fn replace(&self, key: &Key, written: &Written, index: usize) -> Result<()> {
        if !written.goes_to(self) {
            // What is there would come back when the layers above drop the new value.
            if !written.whole {
                self.owes(key, false);
                return Ok(());
            }
            return self.remove(std::slice::from_ref(key)).await;
        }
        let replacing = self.backend.set(key, written.share(index));
        let replaced = self.ask(Operation::Set, self.deadline, replacing).await;
        self.replaced(key, &replaced);
        replaced
    }

    pub(super) async fn replace_many(
        &self,
        written: &[(Key, Written)],
        index: usize,
    ) -> Result<()> {
        let (taken, refused): (Vec<_>, Vec<_>) = written
            .iter()
            .partition(|(_, written)| written.goes_to(self));
        let (refused, unknown): (Vec<_>, Vec<_>) =
            refused.into_iter().partition(|(_, written)| written.whole);
        unknown.iter().for_each(|(key, _)| self.owes(key, false));
        let mut failed = FirstError::default();
        if !taken.is_empty() {
            let share = |(key, it): &&(Key, Written)| (key.clone(), it.share(index));
            let batch = taken.iter().map(share).collect();
            let replacing = self.backend.set_many(batch);
            let replaced = self.ask(Operation::Set, self.deadline, replacing).await;
            for (key, _) in taken {
                self.replaced(key, &replaced);
            }
            failed.note(replaced);
        }
        if !refused.is_empty() {
            let keys: Vec<Key> = refused.into_iter().map(|(key, _)| key.clone()).collect();
            failed.note(self.remove(&keys).await);
        }
        failed.into_result()
    }

    fn replaced(&self, key: &Key, outcome: &Result<()>) {
        match outcome {
            Ok(()) => self.pending.settled(key),
            Err(error) => self.owes(key, error.is_uncertain()),
        }
    }
}

impl Inner {
    /// Refuses what no layer could hold.
    pub(super) fn check_type(&self, entry: &Entry) -> Result<()> {
        let value_type = entry.value_type();
        match self.layers.iter().any(|layer| layer.takes(value_type)) {
            true => Ok(()),
            false => Err(cannot_leave_memory(value_type.name())),
        }
    }

    /// Why no layer is given an entry whose numbers are not known, though none has just failed.
    fn unknown_below(&self) -> Result<()> {
        let mut layers = self.layers.iter();
        let layer = layers.find(|layer| layer.keeps_numbers() && !layer.silent);
        let message =
            "the layer has yet to be told what else is invalid, until then nothing is stored there";
        let error = Error::new(ErrorKind::Unavailable, message);
        match layer {
            Some(layer) => Err(error.at(layer.info.name.clone(), Operation::Set)),
            None => Ok(()),
        }
    }

    /// Whether an entry of that type may leave the process.
    fn needs_numbers(&self, value_type: &ValueType) -> bool {
        let mut keep = self.layers.iter().filter(|layer| layer.keeps_numbers());
        keep.any(|layer| layer.takes(value_type))
    }
}

/// What a layer that answers at once answered.
pub(super) fn at_once(answer: impl Future<Output = Result<()>>) -> Result<()> {
    poll_once(candidly(answer)).unwrap_or_else(|| Err(made_its_caller_wait()))
}

pub(super) fn made_its_caller_wait() -> Error {
    let message = "a backend that calls itself immediate made its caller wait";
    Error::new(ErrorKind::Unsupported, message)
}
