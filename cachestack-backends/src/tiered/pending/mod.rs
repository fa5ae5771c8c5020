//! What a layer has yet to be told: deletions and overwrites that it did not take, and, when writing back,
//! the writes that wait for it.
//!
//! As long as a change waits, its key is not read from the layer: a write that waits answers for the layer,
//! and a deletion is an absence. The newest change of a key wins. There is room for so many keys; beyond it
//! the key's whole namespace is not read any more until the layer has been told to clear it.
//!
//! A write that was given up while it was under way may still arrive, even after the next one. Such a key is
//! [uncertain](Mark::uncertain): its last change is delivered twice, the second time when what was on the
//! way must have arrived, and the key is not read before.

mod state;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::state::{Change, Mark, State};

use crate::entry::Entry;
use crate::error::Error;
use crate::key::{Key, Namespace};
use crate::runtime::drop_later;
use crate::stats::Counter;

pub(super) struct Pending {
    most: usize,
    state: Mutex<State>,
    /// How many changes wait; read without the lock.
    waiting: AtomicUsize,
    /// Told whenever something was delivered or refused.
    pub(super) changed: Notify,
    /// Changes for which there was no room.
    pub(super) overflowed: Counter,
    /// How many of those somebody was told of.
    told: AtomicU64,
}

/// What is to be done under a key.
#[derive(Debug, Clone)]
pub(super) enum What {
    Delete,
    Set(Entry),
}

/// What a reader finds instead of the layer.
#[derive(Debug)]
pub(super) enum Waiting {
    /// The write that waits.
    Held(Entry),
    /// Nothing: what the layer has is not to be read.
    Barred,
}

/// A part of what waits, with the versions to report back.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) clears: Vec<(Namespace, u64)>,
    pub(super) deletes: Vec<(Key, u64)>,
    pub(super) sets: Vec<(Key, Entry, u64)>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.clears.is_empty() && self.deletes.is_empty() && self.sets.is_empty()
    }
}

impl Pending {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            state: Mutex::default(),
            waiting: AtomicUsize::new(0),
            changed: Notify::new(),
            overflowed: Counter::default(),
            told: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes how much waits, as the last step under the lock.
    fn publish(&self, state: &State) {
        let waiting = state.keys.len() + state.namespaces.len() + usize::from(state.lost);
        self.waiting.store(waiting, Ordering::SeqCst);
    }

    /// How many changes wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a change in place of what waited for the key before. `uncertain` says that a write of the key
    /// was given up under way.
    pub(super) fn put(&self, key: &Key, what: What, uncertain: bool) {
        let mut state = self.lock();
        let replaced = state.put(key, what, uncertain, self.most);
        if replaced.overflowed {
            self.overflowed.add(1);
        }
        self.publish(&state);
        drop(state);
        drop_later(replaced.old);
    }

    /// Adds a computed value, or leaves it out when there is no room, which is told.
    pub(super) fn put_computed(&self, key: &Key, entry: Entry) {
        if !self.offer(key, entry) {
            self.overflowed.add(1);
        }
    }

    /// Adds a write that is as well left out when there is no room; says whether there was.
    pub(super) fn offer(&self, key: &Key, entry: Entry) -> bool {
        let mut state = self.lock();
        let room = state.keys.len() < self.most || state.keys.contains_key(&key.digest());
        let replaced = room.then(|| state.put(key, What::Set(entry), false, self.most));
        self.publish(&state);
        drop(state);
        if let Some(replaced) = replaced {
            drop_later(replaced.old);
        }
        room
    }

    /// Adds the clearing of a namespace, which takes the place of everything that waited in it.
    pub(super) fn put_clear(&self, namespace: &Namespace) {
        let mut state = self.lock();
        let old = state.clear(namespace);
        self.publish(&state);
        drop(state);
        drop_later(old);
    }

    /// What waits for a key; `None` when the layer may be read.
    pub(super) fn look(&self, key: &Key) -> Option<Waiting> {
        if self.is_empty() {
            return None;
        }
        let state = self.lock();
        match state.keys.get(&key.digest()) {
            Some(Change {
                what: What::Set(entry),
                ..
            }) => Some(Waiting::Held(entry.clone())),
            Some(_) => Some(Waiting::Barred),
            None => (state.lost || state.namespaces.contains_key(key.namespace()))
                .then_some(Waiting::Barred),
        }
    }

    /// The layer took a newer write or deletion of the key directly: nothing waits for it any more, unless
    /// something older may still arrive.
    pub(super) fn settled(&self, key: &Key) {
        if self.is_empty() {
            return;
        }
        let mut state = self.lock();
        let certain = state
            .keys
            .get(&key.digest())
            .is_some_and(|change| !change.mark.uncertain && change.mark.due.is_none());
        let old = certain.then(|| state.remove(key.digest())).flatten();
        self.publish(&state);
        drop(state);
        self.changed.notify_waiters();
        drop_later(old);
    }

    /// What is to be delivered now, the oldest first; clears before anything else.
    pub(super) fn batch(&self, most: usize) -> Batch {
        let now = Instant::now();
        let mut state = self.lock();
        let is_due = |mark: &Mark| mark.due.is_none_or(|due| due <= now);
        let mut batch = Batch::default();
        for (namespace, clearing) in &mut state.namespaces {
            if is_due(&clearing.mark) {
                clearing.under_way = true;
                batch
                    .clears
                    .push((namespace.clone(), clearing.mark.version));
            }
        }
        let due = state.order.values().filter_map(|digest| {
            let change = state.keys.get(digest)?;
            // What is written into a namespace that waits to be cleared must come after that.
            let later = state.namespaces.contains_key(change.key.namespace());
            (is_due(&change.mark) && !later).then_some(change)
        });
        for change in due.take(most) {
            let (key, version) = (change.key.clone(), change.mark.version);
            match &change.what {
                What::Delete => batch.deletes.push((key, version)),
                What::Set(entry) => batch.sets.push((key, entry.clone(), version)),
            }
        }
        batch
    }

    /// The layer took a change, if no newer one has come meanwhile.
    pub(super) fn delivered(&self, key: &Key, version: u64) {
        let mut state = self.lock();
        let old = state.delivered(key.digest(), version);
        self.publish(&state);
        drop(state);
        self.changed.notify_waiters();
        drop_later(old);
    }

    /// The layer cleared a namespace.
    pub(super) fn cleared(&self, namespace: &Namespace, version: u64) {
        let mut state = self.lock();
        if let Some(clearing) = state.namespaces.get_mut(namespace) {
            clearing.under_way = false;
            match clearing.mark.version == version {
                true if clearing.mark.uncertain => clearing.mark.settle(),
                true => drop(state.namespaces.remove(namespace)),
                false => clearing.position = clearing.mark.version,
            }
        }
        self.publish(&state);
        drop(state);
        self.changed.notify_waiters();
    }

    /// The layer did not clear a namespace; when it does, that frees what is deleted until then.
    pub(super) fn not_cleared(&self, namespace: &Namespace) {
        if let Some(clearing) = self.lock().namespaces.get_mut(namespace) {
            clearing.under_way = false;
        }
    }

    /// The delivery of a write was given up under way: it may still arrive.
    pub(super) fn is_uncertain(&self, key: &Key) {
        let mut state = self.lock();
        if let Some(change) = state.keys.get_mut(&key.digest()) {
            change.mark.uncertain = true;
        } else if let Some(clearing) = state.namespaces.get_mut(key.namespace()) {
            // Meanwhile the write gave way to a clear.
            clearing.mark.uncertain = true;
        }
    }

    /// The layer will never take a write: what it has must go instead.
    pub(super) fn refused(&self, key: &Key, version: u64, error: Error) {
        let mut state = self.lock();
        let mut old = None;
        if let Some(change) = state.keys.get_mut(&key.digest()) {
            if change.mark.version == version {
                old = Some(std::mem::replace(&mut change.what, What::Delete));
            }
        }
        let told = state.refused.replace(error);
        drop(state);
        self.changed.notify_waiters();
        drop_later((old, told));
    }

    /// Why a write was given up for good, told once.
    pub(super) fn take_refused(&self) -> Option<Error> {
        self.lock().refused.take()
    }

    /// Where the line of what waits ends now.
    pub(super) fn end(&self) -> u64 {
        self.lock().last
    }

    /// Whether something still waits that was in the line up to that end. What came later may take its place
    /// any number of times; it is delivered when the layer has taken any of them.
    pub(super) fn waits_up_to(&self, end: u64) -> bool {
        if self.is_empty() {
            return false;
        }
        let state = self.lock();
        let first = state.order.first_key_value();
        let mut clearings = state.namespaces.values();
        first.is_some_and(|(position, _)| *position <= end)
            || clearings.any(|it| it.position <= end)
    }

    /// For how many changes there was no room since the last time somebody was told.
    pub(super) fn take_overflowed(&self) -> u64 {
        let all = self.overflowed.get();
        all.saturating_sub(self.told.swap(all, Ordering::SeqCst))
    }

    /// How long until something is due; zero when it is already, `None` when nothing waits. What waits for
    /// the clearing of its namespace is due after that.
    pub(super) fn due_in(&self) -> Option<Duration> {
        let now = Instant::now();
        let state = self.lock();
        let held = |it: &&Change| state.namespaces.contains_key(it.key.namespace());
        let keys = state.keys.values().filter(|it| !held(it));
        let clearings = state.namespaces.values().map(|it| &it.mark);
        keys.map(|change| &change.mark)
            .chain(clearings)
            .map(|mark| mark.due.map_or(Duration::ZERO, |due| due - now.min(due)))
            .min()
    }
}
