//! Stores, deletions and clears, under the fence.
//!
//! A deletion takes three steps: it voids what is under way and empties the memory layers; it waits for
//! writers of that key and deletes below; then it does the first step once more, for whoever read the old
//! value below in between. A write does the same with its own value in the last step.

use std::future::Future;
use std::sync::Arc;

use super::stack::{Inner, Kept, TieredCache};
use crate::backend::Backend;
use crate::clock::Moment;
use crate::codec::cannot_leave_memory;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::fence::FenceToken;
use crate::key::{Key, Namespace};
use crate::runtime::poll_once;

impl TieredCache {
    /// Stores what was looked up or computed after `token` was taken, unless the token is void by now;
    /// says whether it was stored.
    ///
    /// # Errors
    /// The error of the highest layer that failed; the others have the entry.
    pub async fn store(&self, key: &Key, entry: Entry, token: &FenceToken) -> Result<bool> {
        let stored = self.write(key, entry, Some(token)).await;
        if matches!(stored, Ok(false)) {
            self.0.report.counters.fenced.add(1);
        }
        stored
    }

    /// Writes into every layer; `Ok(false)` when the token is void.
    async fn write(&self, key: &Key, entry: Entry, token: Option<&FenceToken>) -> Result<bool> {
        self.0.check_type(&entry)?;
        if !self.0.has_slow_layers() {
            let now = self.0.clock.now();
            let kept = self.0.kept(entry.time_left(now));
            let written = Written { entry, now, kept };
            return self.put_in_memory(key, &written, token, FirstError::default());
        }
        // A write by hand that its caller dropped before it began gives way to what the caller does next.
        let wanted = Arc::new(());
        let still_wanted = Arc::downgrade(&wanted);
        let (stack, key, token) = (self.clone(), key.clone(), token.cloned());
        let write = async move {
            let _guard = stack.0.lock(std::iter::once(&key)).await?;
            let void = match &token {
                Some(token) => !token.is_current(),
                None => still_wanted.strong_count() == 0,
            };
            if void {
                return Ok(false);
            }
            let now = stack.0.clock.now();
            let kept = stack.0.kept(entry.time_left(now));
            let entry = entry.sharing_bytes();
            let written = Written { entry, now, kept };
            let mut failed = FirstError::default();
            let unfinished = Unfinished::new(|| stack.forget(&key, &mut FirstError::default()));
            for (index, layer) in stack.0.slow_layers().rev() {
                failed.note(match layer.takes(written.entry.value_type()) {
                    true => layer.backend.set(&key, written.share(index)).await,
                    // What is there would come back when the layers above drop the new value.
                    false if token.is_none() => layer.backend.delete(&key).await,
                    false => Ok(()),
                });
            }
            unfinished.ended();
            stack.put_in_memory(&key, &written, token.as_ref(), failed)
        };
        let done = self.to_the_end(write).await;
        drop(wanted);
        done
    }

    /// The last step of a write: the layers that answer at once, together with the fence.
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
                failed.note(match layer.takes(written.entry.value_type()) {
                    true => at_once(layer.backend.set(key, written.share(index))),
                    false => at_once(layer.backend.delete(key)),
                });
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
        stack.report.counters.writes.add(1);
        failed.into_result().map(|()| true)
    }

    /// Writes by hand: whatever began before gives way.
    pub(super) async fn overwrite(&self, key: &Key, entry: Entry) -> Result<()> {
        self.0.fence.advance(key.digest(), || ());
        self.write(key, entry, None).await.map(|_| ())
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
        let now = self.0.clock.now();
        let written = entries.into_iter().map(|(key, entry)| {
            let kept = self.0.kept(entry.time_left(now));
            let entry = entry.sharing_bytes();
            (key, Written { entry, now, kept })
        });
        let written: Vec<(Key, Written)> = written.collect();
        if !self.0.has_slow_layers() {
            return self.put_many_in_memory(&written, FirstError::default());
        }
        let wanted = Arc::new(());
        let still_wanted = Arc::downgrade(&wanted);
        let stack = self.clone();
        let write = async move {
            let _guard = stack.0.lock(written.iter().map(|(key, _)| key)).await?;
            if still_wanted.strong_count() == 0 {
                return Ok(());
            }
            let mut failed = FirstError::default();
            let unfinished =
                Unfinished::new(|| stack.forget_each(written.iter().map(|(key, _)| key)));
            for (index, layer) in stack.0.slow_layers().rev() {
                let (taken, refused): (Vec<_>, Vec<_>) = written
                    .iter()
                    .partition(|(_, written)| layer.takes(written.entry.value_type()));
                if !taken.is_empty() {
                    let share = |(key, it): &(Key, Written)| (key.clone(), it.share(index));
                    let batch = taken.into_iter().map(share).collect();
                    failed.note(layer.backend.set_many(batch).await);
                }
                if !refused.is_empty() {
                    let keys: Vec<Key> = refused.into_iter().map(|(key, _)| key.clone()).collect();
                    failed.note(layer.backend.delete_many(&keys).await);
                }
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

    pub(super) async fn remove_many(&self, keys: &[Key]) -> Result<()> {
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
            let _guard = stack.0.lock(keys.iter()).await?;
            for (_, layer) in stack.0.slow_layers().rev() {
                failed.note(match &*keys {
                    [key] => layer.backend.delete(key).await,
                    keys => layer.backend.delete_many(keys).await,
                });
            }
            unfinished.ended();
            keys.iter().for_each(|key| stack.forget(key, &mut failed));
            failed.into_result()
        };
        self.to_the_end(delete).await
    }

    pub(super) async fn clear_layers(&self, namespace: &Namespace) -> Result<()> {
        let mut failed = FirstError::default();
        self.forget_all(namespace, &mut failed);
        if !self.0.has_slow_layers() {
            return failed.into_result();
        }
        let (stack, namespace) = (self.clone(), namespace.clone());
        let clear = async move {
            let again = || stack.forget_all(&namespace, &mut FirstError::default());
            let unfinished = Unfinished::new(again);
            let _guard = stack.0.lock_all().await?;
            for (_, layer) in stack.0.slow_layers().rev() {
                failed.note(layer.backend.clear(&namespace).await);
            }
            unfinished.ended();
            stack.forget_all(&namespace, &mut failed);
            failed.into_result()
        };
        self.to_the_end(clear).await
    }

    /// Voids what is under way for a key and deletes it from the layers that answer at once.
    fn forget(&self, key: &Key, failed: &mut FirstError) {
        self.0.fence.advance(key.digest(), || {
            for (_, layer) in self.0.immediate_layers().rev() {
                failed.note(at_once(layer.backend.delete(key)));
            }
        });
    }

    fn forget_each<'a>(&self, keys: impl Iterator<Item = &'a Key>) {
        keys.for_each(|key| self.forget(key, &mut FirstError::default()));
    }

    fn forget_all(&self, namespace: &Namespace, failed: &mut FirstError) {
        self.0.fence.advance_all(|| {
            for (_, layer) in self.0.immediate_layers().rev() {
                failed.note(at_once(layer.backend.clear(namespace)));
            }
        });
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
}

/// Runs when a write, deletion or clear is dropped before it has [`ended`](Self::ended): what was read
/// below meanwhile may be older than what is there now.
struct Unfinished<F: Fn()>(Option<F>);

impl<F: Fn()> Unfinished<F> {
    fn new(again: F) -> Self {
        Self(Some(again))
    }

    fn ended(mut self) {
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
    poll_once(answer).unwrap_or_else(|| {
        let message = "a backend that calls itself immediate made its caller wait";
        Err(Error::new(ErrorKind::Unsupported, message))
    })
}

/// Layers are written from the lowest up, so the last error is the highest layer's.
#[derive(Default)]
struct FirstError(Option<Error>);

impl FirstError {
    fn note(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.0 = Some(error);
        }
    }

    fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
