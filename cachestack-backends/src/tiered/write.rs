//! Stores, deletions and clears, under the fence.
//!
//! A deletion takes three steps: it voids what is under way and empties the memory layers; it waits for
//! writers of that key and deletes below; then it does the first step once more, for whoever read the old
//! value below in between. A write does the same with its own value in the last step.

use smallvec::SmallVec;

use super::read::share;
use super::stack::{Inner, Kept, TieredCache};
use crate::backend::Backend;
use crate::clock::Moment;
use crate::codec::cannot_leave_memory;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::fence::{FenceToken, WriteGuard};
use crate::key::{Key, KeyDigest, Namespace};
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
    pub(super) async fn write(
        &self,
        key: &Key,
        entry: Entry,
        token: Option<&FenceToken>,
    ) -> Result<bool> {
        let stack = &*self.0;
        let digest = key.digest();
        stack.check_type(&entry)?;
        let now = stack.clock.now();
        let kept = stack.kept(entry.time_left(now));
        let mut failed = FirstError::default();
        let slow = stack.layers.len() > stack.immediate;
        let _guard = match slow {
            true => Some(stack.fence.write(digest).await),
            false => None,
        };
        if slow {
            if token.is_some_and(|token| !token.is_current()) {
                return Ok(false);
            }
            let entry = entry.clone().sharing_bytes();
            for (index, layer) in stack.layers.iter().enumerate().skip(stack.immediate).rev() {
                failed.note(match layer.takes(entry.value_type()) {
                    true => {
                        layer
                            .backend
                            .set(key, share(&entry, now, &kept, index))
                            .await
                    }
                    // What is there would come back when the layers above drop the new value.
                    false if token.is_none() => layer.backend.delete(key).await,
                    false => Ok(()),
                });
            }
        }
        let into_memory = || stack.set_now(key, &entry, now, &kept, &mut failed);
        match token {
            None => stack.fence.advance(digest, into_memory),
            Some(token) => {
                if token.commit(into_memory).is_none() {
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
        let unfinished = Unfinished(|| self.forget(key, &mut FirstError::default()));
        let written = self.write(key, entry, None).await;
        unfinished.ended();
        written.map(|_| ())
    }

    pub(super) async fn overwrite_many(&self, mut entries: Vec<(Key, Entry)>) -> Result<()> {
        let stack = &*self.0;
        for (_, entry) in &entries {
            stack.check_type(entry)?;
        }
        // The last of several under one key wins.
        entries.reverse();
        entries.sort_by_key(|(key, _)| key.digest());
        entries.dedup_by(|later, kept| later.0 == kept.0);
        for (key, _) in &entries {
            stack.fence.advance(key.digest(), || ());
        }
        let now = stack.clock.now();
        let mut failed = FirstError::default();
        let shared: Vec<_> = entries
            .into_iter()
            .map(|(key, entry)| {
                let kept = stack.kept(entry.time_left(now));
                (key, entry.sharing_bytes(), kept)
            })
            .collect();
        let unfinished = Unfinished(|| self.forget_each(shared.iter().map(|(key, ..)| key)));
        let _guard = self.lock(shared.iter().map(|(key, ..)| key)).await;
        for (index, layer) in stack.layers.iter().enumerate().skip(stack.immediate).rev() {
            let (taken, refused): (Vec<_>, Vec<_>) = shared
                .iter()
                .partition(|(_, entry, _)| layer.takes(entry.value_type()));
            let share = |(key, entry, kept): &(Key, Entry, Kept)| {
                (key.clone(), share(entry, now, kept, index))
            };
            if !taken.is_empty() {
                let batch = taken.into_iter().map(share).collect();
                failed.note(layer.backend.set_many(batch).await);
            }
            if !refused.is_empty() {
                let keys: Vec<Key> = refused.iter().map(|(key, ..)| key.clone()).collect();
                failed.note(layer.backend.delete_many(&keys).await);
            }
        }
        for (key, entry, kept) in &shared {
            let into_memory = || stack.set_now(key, entry, now, kept, &mut failed);
            stack.fence.advance(key.digest(), into_memory);
        }
        unfinished.ended();
        stack.report.counters.writes.add(shared.len() as u64);
        failed.into_result()
    }

    pub(super) async fn remove_many(&self, keys: &[Key]) -> Result<()> {
        let stack = &*self.0;
        let mut keys = keys.to_vec();
        keys.sort_by_key(Key::digest);
        keys.dedup();
        let mut failed = FirstError::default();
        keys.iter().for_each(|key| self.forget(key, &mut failed));
        if stack.layers.len() > stack.immediate && !keys.is_empty() {
            let unfinished = Unfinished(|| self.forget_each(keys.iter()));
            let _guard = self.lock(keys.iter()).await;
            for layer in stack.layers[stack.immediate..].iter().rev() {
                failed.note(match &*keys {
                    [key] => layer.backend.delete(key).await,
                    keys => layer.backend.delete_many(keys).await,
                });
            }
            unfinished.ended();
            keys.iter().for_each(|key| self.forget(key, &mut failed));
        }
        stack.report.counters.deletes.add(keys.len() as u64);
        failed.into_result()
    }

    pub(super) async fn clear_layers(&self, namespace: &Namespace) -> Result<()> {
        let stack = &*self.0;
        let mut failed = FirstError::default();
        self.forget_all(namespace, &mut failed);
        if stack.layers.len() > stack.immediate {
            let unfinished = Unfinished(|| self.forget_all(namespace, &mut FirstError::default()));
            let _guard = stack.fence.write_all().await;
            for layer in stack.layers[stack.immediate..].iter().rev() {
                failed.note(layer.backend.clear(namespace).await);
            }
            unfinished.ended();
            self.forget_all(namespace, &mut failed);
        }
        failed.into_result()
    }

    /// Voids what is under way for a key and deletes it from the layers that answer at once.
    fn forget(&self, key: &Key, failed: &mut FirstError) {
        self.0.fence.advance(key.digest(), || {
            for layer in self.0.layers[..self.0.immediate].iter().rev() {
                failed.note(poll_once(layer.backend.delete(key)).unwrap_or(Ok(())));
            }
        });
    }

    fn forget_each<'a>(&self, keys: impl Iterator<Item = &'a Key>) {
        keys.for_each(|key| self.forget(key, &mut FirstError::default()));
    }

    fn forget_all(&self, namespace: &Namespace, failed: &mut FirstError) {
        self.0.fence.advance_all();
        for layer in self.0.layers[..self.0.immediate].iter().rev() {
            failed.note(poll_once(layer.backend.clear(namespace)).unwrap_or(Ok(())));
        }
    }

    /// Locks keys for slow layers, where there are such layers.
    async fn lock<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> Option<WriteGuard> {
        let digests: SmallVec<[KeyDigest; 1]> = keys.map(Key::digest).collect();
        match self.0.layers.len() > self.0.immediate {
            true => Some(self.0.fence.write_many(digests).await),
            false => None,
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

    /// Sets an entry in the layers that answer at once.
    fn set_now(&self, key: &Key, entry: &Entry, now: Moment, kept: &Kept, failed: &mut FirstError) {
        for (index, layer) in self.layers[..self.immediate].iter().enumerate().rev() {
            let done = match layer.takes(entry.value_type()) {
                true => poll_once(layer.backend.set(key, share(entry, now, kept, index))),
                false => poll_once(layer.backend.delete(key)),
            };
            failed.note(done.unwrap_or(Ok(())));
        }
    }
}

/// Runs when a write is dropped before it has [`ended`](Self::ended).
struct Unfinished<F: Fn()>(F);

impl<F: Fn()> Unfinished<F> {
    fn ended(self) {
        std::mem::forget(self);
    }
}

impl<F: Fn()> Drop for Unfinished<F> {
    fn drop(&mut self) {
        (self.0)();
    }
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
