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

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::entry::Entry;
use crate::error::Error;
use crate::fence::DigestHasher;
use crate::key::{Key, KeyDigest, Namespace};
use crate::runtime::drop_later;
use crate::stats::Counter;

/// How long after a layer answers again what was on the way to it may still arrive.
const SETTLE: Duration = Duration::from_secs(1);
/// How many namespaces may be waiting to be cleared.
const MOST_NAMESPACES: usize = 4_096;

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

#[derive(Default)]
struct State {
    keys: HashMap<KeyDigest, Change, BuildHasherDefault<DigestHasher>>,
    /// The keys in the order in which they began to wait.
    order: BTreeMap<u64, KeyDigest>,
    namespaces: HashMap<Namespace, Mark>,
    last: u64,
    /// There were too many namespaces to remember: nothing is read from the layer any more.
    lost: bool,
    /// Why a write was given up for good, until somebody is told.
    refused: Option<Error>,
}

struct Change {
    key: Key,
    what: What,
    position: u64,
    mark: Mark,
}

/// What is to be done under a key.
#[derive(Debug, Clone)]
pub(super) enum What {
    Delete,
    Set(Entry),
}

#[derive(Clone, Copy)]
struct Mark {
    /// Another one with each change.
    version: u64,
    /// Something older may still arrive.
    uncertain: bool,
    /// Not before then; it was delivered once already.
    due: Option<Instant>,
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
        let state = self.lock();
        let is_due = |mark: &Mark| mark.due.is_none_or(|due| due <= now);
        let mut batch = Batch::default();
        for (namespace, mark) in &state.namespaces {
            if is_due(mark) {
                batch.clears.push((namespace.clone(), mark.version));
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
        if let Some(mark) = state.namespaces.get_mut(namespace) {
            if mark.version == version {
                match mark.uncertain {
                    true => mark.settle(),
                    false => drop(state.namespaces.remove(namespace)),
                }
            }
        }
        self.publish(&state);
        drop(state);
        self.changed.notify_waiters();
    }

    /// The delivery of a write was given up under way: it may still arrive.
    pub(super) fn is_uncertain(&self, key: &Key) {
        if let Some(change) = self.lock().keys.get_mut(&key.digest()) {
            change.mark.uncertain = true;
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
        state.refused = Some(error);
        drop(state);
        self.changed.notify_waiters();
        drop_later(old);
    }

    /// Why a write was given up for good, told once.
    pub(super) fn take_refused(&self) -> Option<Error> {
        self.lock().refused.take()
    }

    /// For how many changes there was no room since the last time somebody was told.
    pub(super) fn take_overflowed(&self) -> u64 {
        let all = self.overflowed.get();
        all.saturating_sub(self.told.swap(all, Ordering::SeqCst))
    }

    /// How long until something is due; zero when it is already, `None` when nothing waits.
    pub(super) fn due_in(&self) -> Option<Duration> {
        let now = Instant::now();
        let state = self.lock();
        let marks = state.keys.values().map(|change| &change.mark);
        marks
            .chain(state.namespaces.values())
            .map(|mark| mark.due.map_or(Duration::ZERO, |due| due - now.min(due)))
            .min()
    }
}

struct Replaced {
    old: Vec<Change>,
    overflowed: bool,
}

impl State {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn put(&mut self, key: &Key, what: What, uncertain: bool, most: usize) -> Replaced {
        let version = self.next();
        let before = self.remove(key.digest());
        let mut replaced = Replaced {
            old: Vec::new(),
            overflowed: false,
        };
        let uncertain = uncertain || before.as_ref().is_some_and(|it| it.mark.uncertain);
        let settling = before.as_ref().is_some_and(|it| it.mark.due.is_some());
        let position = before.as_ref().map_or(version, |it| it.position);
        replaced.old.extend(before);
        if let Some(mark) = self.namespaces.get_mut(key.namespace()) {
            mark.uncertain |= uncertain;
            // The clear deletes it too, when it comes after this.
            if matches!(what, What::Delete) {
                mark.version = version;
                mark.due = None;
                return replaced;
            }
        }
        if self.keys.len() >= most {
            replaced.overflowed = true;
            replaced
                .old
                .extend(self.overflow(key.namespace(), uncertain));
            return replaced;
        }
        let mark = Mark {
            version,
            // Delivered once while something older may still arrive: so it is with what replaces it.
            uncertain: uncertain || settling,
            due: None,
        };
        let (key, digest) = (key.clone(), key.digest());
        self.order.insert(position, digest);
        let change = Change {
            key,
            what,
            position,
            mark,
        };
        self.keys.insert(digest, change);
        replaced
    }

    fn remove(&mut self, digest: KeyDigest) -> Option<Change> {
        let change = self.keys.remove(&digest)?;
        self.order.remove(&change.position);
        Some(change)
    }

    fn delivered(&mut self, digest: KeyDigest, version: u64) -> Option<Change> {
        let position = self.next();
        let change = self.keys.get_mut(&digest)?;
        if change.mark.version != version {
            return None;
        }
        if !change.mark.uncertain {
            return self.remove(digest);
        }
        change.mark.settle();
        self.order.remove(&change.position);
        change.position = position;
        self.order.insert(position, digest);
        None
    }

    /// Everything that waits in the namespace gives way to its clearing.
    fn clear(&mut self, namespace: &Namespace) -> Vec<Change> {
        let inside = |change: &&Change| change.key.namespace() == namespace;
        let digests: Vec<KeyDigest> = self
            .keys
            .values()
            .filter(inside)
            .map(|change| change.key.digest())
            .collect();
        let old: Vec<Change> = digests
            .into_iter()
            .filter_map(|digest| self.remove(digest))
            .collect();
        let uncertain = |change: &Change| change.mark.uncertain || change.mark.due.is_some();
        let uncertain = old.iter().any(uncertain);
        self.bar(namespace, uncertain);
        old
    }

    fn bar(&mut self, namespace: &Namespace, uncertain: bool) {
        let version = self.next();
        let room = self.namespaces.len() < MOST_NAMESPACES;
        match self.namespaces.get_mut(namespace) {
            Some(mark) => {
                mark.version = version;
                mark.uncertain |= uncertain || mark.due.is_some();
                mark.due = None;
            }
            None if room => {
                let mark = Mark {
                    version,
                    uncertain,
                    due: None,
                };
                self.namespaces.insert(namespace.clone(), mark);
            }
            None => {
                if !self.lost {
                    tracing::error!(
                        target: "cachestack",
                        "a layer missed changes in over {MOST_NAMESPACES} namespaces and is not read any more"
                    );
                }
                self.lost = true;
            }
        }
    }

    /// There is no room for a change: its namespace is to be cleared. Deletions in it are done by that.
    fn overflow(&mut self, namespace: &Namespace, uncertain: bool) -> Vec<Change> {
        let digests: Vec<KeyDigest> = self
            .keys
            .values()
            .filter(|it| matches!(it.what, What::Delete) && it.key.namespace() == namespace)
            .map(|change| change.key.digest())
            .collect();
        let old: Vec<Change> = digests
            .into_iter()
            .filter_map(|digest| self.remove(digest))
            .collect();
        let older = |change: &Change| change.mark.uncertain || change.mark.due.is_some();
        let uncertain = uncertain || old.iter().any(older);
        self.bar(namespace, uncertain);
        old
    }
}

impl Mark {
    /// Delivered for the first time while something older may still arrive.
    fn settle(&mut self) {
        self.uncertain = false;
        self.due = Some(Instant::now() + SETTLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn key(text: &str) -> Key {
        Key::new(&Namespace::new("shop"), text)
    }

    fn entry(value: u32) -> Entry {
        Entry::new(value, Clock::system().now())
    }

    fn held(pending: &Pending, text: &str) -> Option<u32> {
        match pending.look(&key(text)) {
            Some(Waiting::Held(entry)) => entry.value::<u32>().copied(),
            _ => None,
        }
    }

    fn is_barred(pending: &Pending, text: &str) -> bool {
        matches!(pending.look(&key(text)), Some(Waiting::Barred))
    }

    #[test]
    fn the_newest_change_of_a_key_wins_and_answers_for_the_layer() {
        let pending = Pending::new(10);
        pending.put(&key("a"), What::Set(entry(1)), false);
        pending.put(&key("a"), What::Set(entry(2)), false);
        assert_eq!((pending.len(), held(&pending, "a")), (1, Some(2)));
        let batch = pending.batch(10);
        let version = batch.sets[0].2;
        pending.put(&key("a"), What::Delete, false);
        pending.delivered(&key("a"), version);
        assert!(is_barred(&pending, "a"), "a newer change waits");
        let batch = pending.batch(10);
        pending.delivered(&key("a"), batch.deletes[0].1);
        assert!(pending.look(&key("a")).is_none());
        assert!(pending.is_empty());
    }

    #[test]
    fn an_uncertain_key_is_told_twice_and_barred_until_then() {
        let pending = Pending::new(10);
        pending.put(&key("a"), What::Delete, true);
        pending.settled(&key("a"));
        assert!(is_barred(&pending, "a"), "a direct write settles nothing");
        pending.delivered(&key("a"), pending.batch(10).deletes[0].1);
        assert!(is_barred(&pending, "a"));
        assert!(pending.batch(10).is_empty(), "not due yet");
        assert!(pending.due_in().unwrap() > SETTLE / 2);
        for change in pending.lock().keys.values_mut() {
            change.mark.due = Some(Instant::now());
        }
        pending.delivered(&key("a"), pending.batch(10).deletes[0].1);
        assert!(pending.is_empty());
    }

    #[test]
    fn without_room_the_namespace_is_barred_until_it_is_cleared() {
        let pending = Pending::new(2);
        let elsewhere = Key::new(&Namespace::new("other"), "a");
        pending.put(&elsewhere, What::Delete, false);
        for text in ["a", "b", "c", "d"] {
            pending.put(&key(text), What::Delete, false);
        }
        assert_eq!(pending.overflowed.get(), 1);
        assert!(is_barred(&pending, "never heard of"));
        assert_eq!(pending.len(), 2, "the other namespace's key, and this one");
        let batch = pending.batch(10);
        assert_eq!((batch.clears.len(), batch.deletes.len()), (1, 1));
        // One more comes while the layer clears: it is cleared again.
        pending.put(&key("e"), What::Delete, false);
        pending.cleared(&batch.clears[0].0, batch.clears[0].1);
        assert!(is_barred(&pending, "e"));
        let batch = pending.batch(10);
        pending.cleared(&batch.clears[0].0, batch.clears[0].1);
        assert!(pending.look(&key("e")).is_none());
    }

    #[test]
    fn a_clear_takes_the_place_of_what_waited_and_writes_come_after_it() {
        let pending = Pending::new(10);
        pending.put(&key("a"), What::Set(entry(1)), false);
        pending.put_clear(&Namespace::new("shop"));
        assert!(is_barred(&pending, "a"));
        pending.put(&key("b"), What::Set(entry(2)), false);
        assert_eq!(held(&pending, "b"), Some(2));
        let batch = pending.batch(10);
        assert!(batch.sets.is_empty());
        pending.cleared(&batch.clears[0].0, batch.clears[0].1);
        assert_eq!(pending.batch(10).sets.len(), 1);
        assert!(pending.look(&key("a")).is_none());
    }

    #[test]
    fn what_a_layer_refuses_for_good_is_deleted_there_and_told_once() {
        let pending = Pending::new(10);
        pending.put(&key("a"), What::Set(entry(1)), false);
        let version = pending.batch(10).sets[0].2;
        let error = Error::new(crate::ErrorKind::TooLarge, "too large");
        pending.refused(&key("a"), version, error);
        assert_eq!(pending.batch(10).deletes.len(), 1);
        assert!(pending.take_refused().is_some());
        assert!(pending.take_refused().is_none());
    }
}
