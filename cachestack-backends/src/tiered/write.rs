//! Stores under the fence.
//!
//! A write by hand takes three steps: it voids what is under way; it waits for writers of that key and
//! writes the slow layers, the lowest first; then it writes the memory layers and voids once more what was
//! read below in between, in one step. A computed value takes the last two, unless its token is void.

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::layer::StackLayer;
use super::passage::{Left, Passage};
use super::pending::What;
use super::remove::Unfinished;
use super::stack::{Inner, Kept, TieredCache};
use crate::backend::{Backend, candidly};
use crate::clock::Moment;
use crate::codec::cannot_leave_memory;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::fence::FenceToken;
use crate::key::Key;
use crate::runtime::poll_once;

/// Why something is written.
enum Why {
    /// It was computed on a passage.
    Computed(FenceToken, Left),
    /// By hand, by somebody who waits for it as long as this lives.
    ByHand(Weak<()>),
}

impl Why {
    fn token(&self) -> Option<&FenceToken> {
        match self {
            Self::Computed(token, _) => Some(token),
            Self::ByHand(_) => None,
        }
    }

    fn is_void(&self) -> bool {
        match self {
            Self::Computed(token, _) => !token.is_current(),
            // One that its caller dropped before it began gives way to what the caller does next.
            Self::ByHand(wanted) => wanted.strong_count() == 0,
        }
    }
}

impl TieredCache {
    /// Stores what was looked up or computed on a passage, unless something overtook it; says whether it was
    /// stored.
    ///
    /// # Errors
    /// The error of the highest layer that failed; the others have the entry.
    pub async fn store(&self, key: &Key, entry: Entry, passage: &Passage) -> Result<bool> {
        let why = Why::Computed(passage.token.clone(), passage.left.clone());
        let stored = self.write(key, entry, why).await;
        if matches!(stored, Ok(false)) {
            self.0.report.counters.fenced.add(1);
        }
        stored
    }

    /// Writes by hand: whatever began before gives way.
    pub(super) async fn overwrite(&self, key: &Key, entry: Entry) -> Result<()> {
        self.0.fence.advance(key.digest(), || ());
        let wanted = Arc::new(());
        let why = Why::ByHand(Arc::downgrade(&wanted));
        self.write(key, entry, why).await.map(|_| ())
    }

    /// Writes into every layer; `Ok(false)` when it is void.
    async fn write(&self, key: &Key, entry: Entry, why: Why) -> Result<bool> {
        self.0.check_type(&entry)?;
        if !self.0.has_slow_layers() {
            let written = self.0.written(entry);
            return self.put_in_memory(key, &written, why.token(), FirstError::default());
        }
        let (stack, key) = (self.clone(), key.clone());
        self.to_the_end(async move {
            let patience = match &why {
                Why::Computed(_, left) => left.longest(),
                Why::ByHand(_) => None,
            };
            let _guard = stack.0.lock(std::iter::once(&key), patience).await?;
            if why.is_void() {
                return Ok(false);
            }
            let written = stack.0.written(entry.sharing_bytes());
            let mut failed = FirstError::default();
            let unfinished = Unfinished::new(|| stack.forget(&key, &mut FirstError::default()));
            for (index, layer) in stack.0.slow_layers().rev() {
                let stored = match &why {
                    Why::Computed(_, left) => {
                        layer.fill(&key, &written, index, left.of(index)).await
                    }
                    Why::ByHand(_) => layer.replace(&key, &written, index).await,
                };
                failed.note_of(layer, stored);
            }
            unfinished.ended();
            stack.put_in_memory(&key, &written, why.token(), failed)
        })
        .await
    }

    /// The last step of a write: the layers that answer at once, together with the fence and with what
    /// waits for the others.
    fn put_in_memory(
        &self,
        key: &Key,
        written: &Written,
        token: Option<&FenceToken>,
        mut failed: FirstError,
    ) -> Result<bool> {
        let stack = &*self.0;
        let insert = || {
            for (index, layer) in stack.immediate_layers().rev() {
                let put = match layer.takes(written.entry.value_type()) {
                    true => at_once(layer.backend.set(key, written.share(index))),
                    false => at_once(layer.backend.delete(key)),
                };
                failed.note_of(layer, put);
            }
            for (index, layer) in stack.later_layers() {
                let what = match layer.takes(written.entry.value_type()) {
                    true => What::Set(written.share(index)),
                    false => What::Delete,
                };
                layer.pending.put(key, what, false);
            }
        };
        match token {
            None => stack.fence.advance(key.digest(), insert),
            Some(token) => {
                if token.commit(insert).is_none() {
                    return Ok(false);
                }
            }
        }
        stack.later_layers().for_each(|(_, layer)| layer.attend());
        stack.report.counters.writes.add(1);
        failed.into_result().map(|()| true)
    }

    pub(super) async fn overwrite_many(&self, mut entries: Vec<(Key, Entry)>) -> Result<()> {
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
        let written = entries
            .into_iter()
            .map(|(key, entry)| (key, self.0.written(entry.sharing_bytes())));
        let written: Vec<(Key, Written)> = written.collect();
        if !self.0.has_slow_layers() {
            return self.put_many_in_memory(&written, FirstError::default());
        }
        let wanted = Arc::new(());
        let why = Why::ByHand(Arc::downgrade(&wanted));
        let stack = self.clone();
        let write = async move {
            let keys = written.iter().map(|(key, _)| key);
            let _guard = stack.0.lock(keys, None).await?;
            if why.is_void() {
                return Ok(());
            }
            let mut failed = FirstError::default();
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

    fn put_many_in_memory(&self, written: &[(Key, Written)], mut failed: FirstError) -> Result<()> {
        for (key, written) in written {
            let put = self.put_in_memory(key, written, None, FirstError::default());
            failed.note(put.map(|_| ()));
        }
        failed.into_result()
    }
}

impl StackLayer {
    /// Gives the layer a computed value, in what is left of the caller's time. Where that is nothing, or
    /// older changes have yet to arrive, the layer goes without.
    async fn fill(&self, key: &Key, written: &Written, index: usize, left: Duration) -> Result<()> {
        let wanted = self.takes(written.entry.value_type()) && !left.is_zero();
        if !wanted || self.pending.look(key).is_some() {
            return Ok(());
        }
        let filling = self.backend.set(key, written.share(index));
        let filled = self.ask(left, filling).await;
        if let Err(error) = &filled {
            // One that may still arrive could do so after the next invalidation.
            if error.is_uncertain() {
                self.owes(key, true);
            }
        }
        filled
    }

    /// Has the layer replace what it has. When it does not, that must go.
    async fn replace(&self, key: &Key, written: &Written, index: usize) -> Result<()> {
        if !self.takes(written.entry.value_type()) {
            // What is there would come back when the layers above drop the new value.
            return self.remove(std::slice::from_ref(key)).await;
        }
        let replacing = self.backend.set(key, written.share(index));
        let replaced = self.ask(self.deadline, replacing).await;
        self.replaced(key, &replaced);
        replaced
    }

    async fn replace_many(&self, written: &[(Key, Written)], index: usize) -> Result<()> {
        let (taken, refused): (Vec<_>, Vec<_>) = written
            .iter()
            .partition(|(_, written)| self.takes(written.entry.value_type()));
        let mut failed = FirstError::default();
        if !taken.is_empty() {
            let share = |(key, it): &&(Key, Written)| (key.clone(), it.share(index));
            let batch = taken.iter().map(share).collect();
            let replaced = self.ask(self.deadline, self.backend.set_many(batch)).await;
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
    fn check_type(&self, entry: &Entry) -> Result<()> {
        let value_type = entry.value_type();
        match self.layers.iter().any(|layer| layer.takes(value_type)) {
            true => Ok(()),
            false => Err(cannot_leave_memory(value_type.name())),
        }
    }

    fn written(&self, entry: Entry) -> Written {
        let now = self.clock.now();
        let kept = self.kept(entry.time_left(now));
        Written { entry, now, kept }
    }
}

/// An entry that is being written, and how long each layer keeps it.
struct Written {
    entry: Entry,
    now: Moment,
    kept: Kept,
}

impl Written {
    /// A layer's copy: with no more time than the layer keeps it.
    fn share(&self, index: usize) -> Entry {
        self.entry.clone().capped(self.now, self.kept[index])
    }
}

/// What a layer that answers at once answered.
pub(super) fn at_once(answer: impl Future<Output = Result<()>>) -> Result<()> {
    poll_once(candidly(answer)).unwrap_or_else(|| {
        let message = "a backend that calls itself immediate made its caller wait";
        Err(Error::new(ErrorKind::Unsupported, message))
    })
}

/// Layers are written from the lowest up, so the last error is the highest layer's.
#[derive(Default)]
pub(super) struct FirstError(Option<Error>);

impl FirstError {
    pub(super) fn note(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.0 = Some(error);
        }
    }

    /// The same for what a layer did, which may be silent.
    pub(super) fn note_of(&mut self, layer: &StackLayer, result: Result<()>) {
        if !layer.silent {
            self.note(result);
        }
    }

    pub(super) fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
