//! Deletions and clears under the fence.
//!
//! A deletion takes three steps: it voids what is under way and empties the memory layers; it waits for
//! writers of that key and deletes below; then it does the first step once more, for whoever read the old
//! value below in between. To clear a namespace is to renew its generation; what the layers free afterwards is
//! gone already.

use super::first_error::FirstError;
use super::layer::StackLayer;
use super::pending::What;
use super::recovery::SWEEP;
use super::renew::marks_of;
use super::stack::{Inner, TieredCache};
use super::write::at_once;
use crate::backend::Backend;
use crate::error::{Operation, Result};
use crate::generation::Dependency;
use crate::key::{Key, Namespace};

impl TieredCache {
    pub(super) async fn remove_many(&self, keys: &[Key]) -> Result<()> {
        if let ([key], false) = (keys, self.0.has_slow_layers()) {
            return self.remove_now(key);
        }
        let mut keys = keys.to_vec();
        keys.sort_by_key(Key::digest);
        keys.dedup();
        self.0.report.counters.deletes.add(keys.len() as u64);
        let mut failed = FirstError::default();
        keys.iter().for_each(|key| self.forget(key, &mut failed));
        if !self.0.has_slow_layers() || keys.is_empty() {
            return failed.into_result();
        }
        let stack = self.clone();
        let delete = async move {
            let unfinished = Unfinished::new(|| stack.forget_each(keys.iter()));
            let locked = stack.0.lock(keys.iter(), None).await;
            let _guard = locked.inspect_err(|_| stack.0.all_owe(keys.iter()))?;
            for (_, layer) in stack.0.slow_layers().rev() {
                let removed = layer.remove(&keys).await;
                failed.note_of(layer, removed);
            }
            unfinished.ended();
            keys.iter().for_each(|key| stack.forget(key, &mut failed));
            failed.into_result()
        };
        self.to_the_end(delete).await
    }

    fn remove_now(&self, key: &Key) -> Result<()> {
        self.0.report.counters.deletes.add(1);
        let mut failed = FirstError::default();
        self.forget(key, &mut failed);
        failed.into_result()
    }

    /// [`delete`](Backend::delete) of a stack without slow layers.
    ///
    /// # Errors
    /// As that.
    #[doc(hidden)]
    pub fn delete_now(&self, key: &Key) -> Result<()> {
        let removed = self.remove_now(key);
        let report = &self.0.report;
        report.outcome(Operation::Delete, Some(key.digest()), removed, || ())
    }

    /// Whether a deletion may have to wait for a layer.
    #[doc(hidden)]
    pub fn has_slow_layers(&self) -> bool {
        self.0.has_slow_layers()
    }

    /// Renews the namespace's generation, with which everything in it is gone; then the layers free what they
    /// hold.
    pub(super) async fn clear_layers(&self, namespace: &Namespace) -> Result<()> {
        let mut failed = FirstError::default();
        failed.note(Box::pin(self.renew(vec![namespace.mark()])).await);
        self.forget_all(namespace, &mut failed);
        if !self.0.has_slow_layers() {
            return failed.into_result();
        }
        let (stack, namespace) = (self.clone(), namespace.clone());
        let clear = async move {
            let again = || stack.forget_all(&namespace, &mut FirstError::default());
            let unfinished = Unfinished::new(again);
            for (_, layer) in stack.0.slow_layers().rev() {
                let asked = layer.backend.clear(&namespace);
                let cleared = layer.ask(Operation::Clear, SWEEP, asked).await;
                if cleared.is_err() {
                    layer.owes_clear(&namespace);
                }
                failed.note_of(layer, cleared);
            }
            unfinished.ended();
            stack.forget_all(&namespace, &mut failed);
            failed.into_result()
        };
        self.to_the_end(clear).await
    }

    /// Invalidates everything in a namespace that depends on one of those, in every layer. When this returns,
    /// no call that begins later in this process gets any of it, whatever was under way and whichever layer
    /// was away; when it returns `Ok`, no other process does either, but for what its memory keeps above a
    /// shared store until its `max_ttl` is over (30 s by default).
    ///
    /// It takes one round trip a layer, however many entries there are: what they depend on is given another
    /// random number, which is kept beside them. What is gone is freed when its key is written again, when it
    /// ends, or to make room.
    ///
    /// # Errors
    /// When a layer failed: the error of the highest that did. It is told again, and until it has taken it
    /// this process takes nothing that depends on it from there.
    pub async fn invalidate(&self, namespace: &Namespace, on: &[Dependency]) -> Result<()> {
        let names = on.iter().map(Dependency::name);
        let renewed = self.renew(marks_of(namespace, names)).await;
        let report = &self.0.report;
        report.outcome(Operation::Delete, None, renewed, || ())
    }

    /// Voids what is under way for a key and deletes it from the layers that answer at once; the layers
    /// that are written to in the background are to be told.
    pub(super) fn forget(&self, key: &Key, failed: &mut FirstError) {
        self.0.fence.advance(key.digest(), || {
            for (_, layer) in self.0.immediate_layers().rev() {
                failed.note_of(layer, layer.delete_now(key));
            }
            for (_, layer) in self.0.later_layers() {
                layer.pending.put(key, What::Delete, false);
            }
        });
        self.0.later_layers().for_each(|(_, layer)| layer.attend());
    }

    pub(super) fn forget_each<'a>(&self, keys: impl Iterator<Item = &'a Key>) {
        keys.for_each(|key| self.forget(key, &mut FirstError::default()));
    }

    fn forget_all(&self, namespace: &Namespace, failed: &mut FirstError) {
        self.0.fence.advance_all(|| {
            for (_, layer) in self.0.immediate_layers().rev() {
                failed.note_of(layer, at_once(layer.backend.clear(namespace)));
            }
            for (_, layer) in self.0.later_layers() {
                layer.pending.put_clear(namespace);
            }
        });
        self.0.later_layers().for_each(|(_, layer)| layer.attend());
    }
}

impl Inner {
    /// The layers could not even be asked, because of a write that does not end.
    pub(super) fn all_owe<'a>(&self, keys: impl Iterator<Item = &'a Key> + Clone) {
        for (_, layer) in self.slow_layers() {
            keys.clone().for_each(|key| layer.owes(key, true));
        }
    }
}

impl StackLayer {
    /// Deletes from a layer that answers at once.
    pub(super) fn delete_now(&self, key: &Key) -> Result<()> {
        match self.backend.delete_now(key) {
            true => Ok(()),
            false => at_once(self.backend.delete(key)),
        }
    }

    /// Has the layer delete something. What it does not take is told to it later.
    pub(super) async fn remove(&self, keys: &[Key]) -> Result<()> {
        let removed = match keys {
            [key] => {
                let asked = self.backend.delete(key);
                self.ask(Operation::Delete, self.deadline, asked).await
            }
            keys => {
                let asked = self.backend.delete_many(keys);
                self.ask(Operation::Delete, self.deadline, asked).await
            }
        };
        for key in keys {
            match &removed {
                Ok(()) => self.pending.settled(key),
                // One that arrives late does no harm.
                Err(_) => self.owes(key, false),
            }
        }
        removed
    }
}

/// Runs when a write, deletion or clear is dropped before it has [`ended`](Self::ended): what was read
/// below meanwhile may be older than what is there now.
pub(super) struct Unfinished<F: Fn()>(Option<F>);

impl<F: Fn()> Unfinished<F> {
    pub(super) fn new(again: F) -> Self {
        Self(Some(again))
    }

    pub(super) fn ended(mut self) {
        self.0 = None;
    }
}

impl<F: Fn()> Drop for Unfinished<F> {
    fn drop(&mut self) {
        if let Some(again) = &self.0 {
            again();
        }
    }
}
