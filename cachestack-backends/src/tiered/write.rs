//! Stores, deletions and clears, under the fence.
//!
//! A deletion takes three steps: it voids what is under way and empties the memory layers; it waits for
//! writers of that key and deletes below; then it does the first step once more, for whoever read the old
//! value below in between. A write does the same with its own value in the last step.

use super::read::share;
use super::stack::TieredCache;
use crate::backend::Backend;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::fence::{FenceToken, WriteGuard};
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
    pub(super) async fn write(
        &self,
        key: &Key,
        entry: Entry,
        token: Option<&FenceToken>,
    ) -> Result<bool> {
        let stack = &*self.0;
        let digest = key.digest();
        let now = stack.clock.now();
        let kept = stack.kept(entry.time_left(now));
        let mut failed = FirstError::default();
        let slow = stack.layers.len() > stack.immediate;
        let _guard = match slow {
            true => Some(stack.fence.write([digest]).await),
            false => None,
        };
        if slow {
            if token.is_some_and(|token| !token.is_current()) {
                return Ok(false);
            }
            let entry = entry.clone().sharing_bytes();
            for (index, layer) in stack.layers.iter().enumerate().skip(stack.immediate).rev() {
                if layer.takes(entry.value_type()) {
                    let result = layer
                        .backend
                        .set(key, share(&entry, now, &kept, index))
                        .await;
                    failed.note(result);
                }
            }
        }
        let into_memory = || {
            for (index, layer) in stack.layers[..stack.immediate].iter().enumerate().rev() {
                let set = poll_once(layer.backend.set(key, share(&entry, now, &kept, index)));
                failed.note(set.unwrap_or(Ok(())));
            }
        };
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
        self.write(key, entry, None).await.map(|_| ())
    }

    pub(super) async fn overwrite_many(&self, mut entries: Vec<(Key, Entry)>) -> Result<()> {
        let stack = &*self.0;
        // The last of several under one key wins, and no key is locked twice.
        entries.reverse();
        entries.sort_by_key(|(key, _)| key.digest());
        entries.dedup_by(|later, kept| later.0 == kept.0);
        for (key, _) in &entries {
            stack.fence.advance(key.digest(), || ());
        }
        let _guard = self.lock(entries.iter().map(|(key, _)| key)).await;
        let now = stack.clock.now();
        let mut failed = FirstError::default();
        let shared: Vec<_> = entries
            .into_iter()
            .map(|(key, entry)| {
                let kept = stack.kept(entry.time_left(now));
                (key, entry.sharing_bytes(), kept)
            })
            .collect();
        for (index, layer) in stack.layers.iter().enumerate().skip(stack.immediate).rev() {
            let batch: Vec<_> = shared
                .iter()
                .filter(|(_, entry, _)| layer.takes(entry.value_type()))
                .map(|(key, entry, kept)| (key.clone(), share(entry, now, kept, index)))
                .collect();
            failed.note(layer.backend.set_many(batch).await);
        }
        for (key, entry, kept) in &shared {
            stack.fence.advance(key.digest(), || {
                for (index, layer) in stack.layers[..stack.immediate].iter().enumerate().rev() {
                    let set = poll_once(layer.backend.set(key, share(entry, now, kept, index)));
                    failed.note(set.unwrap_or(Ok(())));
                }
            });
        }
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
        if stack.layers.len() > stack.immediate {
            let _guard = self.lock(keys.iter()).await;
            for layer in stack.layers[stack.immediate..].iter().rev() {
                failed.note(match &*keys {
                    [key] => layer.backend.delete(key).await,
                    keys => layer.backend.delete_many(keys).await,
                });
            }
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
            let _guard = stack.fence.write_all().await;
            for layer in stack.layers[stack.immediate..].iter().rev() {
                failed.note(layer.backend.clear(namespace).await);
            }
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

    fn forget_all(&self, namespace: &Namespace, failed: &mut FirstError) {
        self.0.fence.advance_all();
        for layer in self.0.layers[..self.0.immediate].iter().rev() {
            failed.note(poll_once(layer.backend.clear(namespace)).unwrap_or(Ok(())));
        }
    }

    /// Keeps other writers of those keys out of the slow layers, where there are any.
    async fn lock<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> Option<WriteGuard> {
        match self.0.layers.len() > self.0.immediate {
            true => Some(self.0.fence.write(keys.map(Key::digest)).await),
            false => None,
        }
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
