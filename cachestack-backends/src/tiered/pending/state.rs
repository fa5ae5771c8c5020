//! The table of what waits for a layer, and how one change takes the place of another.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::time::{Duration, Instant};

use super::What;
use crate::error::{Error, ErrorKind};
use crate::fence::DigestHasher;
use crate::key::{Key, KeyDigest, Namespace};

/// How long after a layer answers again what was on the way to it may still arrive.
pub(super) const SETTLE: Duration = Duration::from_secs(1);
/// How many namespaces may be waiting to be cleared.
const MOST_NAMESPACES: usize = 4_096;

#[derive(Default)]
pub(super) struct State {
    pub(super) keys: HashMap<KeyDigest, Change, BuildHasherDefault<DigestHasher>>,
    /// The keys in the order in which they began to wait since something of them was last delivered.
    pub(super) order: BTreeMap<u64, KeyDigest>,
    pub(super) namespaces: HashMap<Namespace, Clearing>,
    pub(super) last: u64,
    /// There were too many namespaces to remember: nothing is read from the layer any more. For good, as no
    /// backend can be told to clear everything.
    pub(super) lost: bool,
    /// Why a write was given up for good, until somebody is told.
    pub(super) refused: Option<Error>,
}

pub(super) struct Change {
    pub(super) key: Key,
    pub(super) what: What,
    pub(super) position: u64,
    pub(super) mark: Mark,
}

#[derive(Clone, Copy)]
pub(super) struct Mark {
    /// Another one with each change.
    pub(super) version: u64,
    /// Something older may still arrive.
    pub(super) uncertain: bool,
    /// Not before then; it was delivered once already.
    pub(super) due: Option<Instant>,
}

/// A namespace that waits to be cleared.
pub(super) struct Clearing {
    pub(super) mark: Mark,
    /// When it began to wait.
    pub(super) position: u64,
    /// The layer may be clearing it now: what is deleted from here on comes after that.
    pub(super) under_way: bool,
}

pub(super) struct Replaced {
    pub(super) old: Vec<Change>,
    pub(super) overflowed: bool,
}

impl State {
    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn put(&mut self, key: &Key, what: What, uncertain: bool, most: usize) -> Replaced {
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
        // Delivered once while something older may still arrive: so it is with what replaces it.
        let uncertain = uncertain || settling;
        let full = self.keys.len() >= most;
        if let Some(clearing) = self.namespaces.get_mut(key.namespace()) {
            let begun = clearing.under_way || clearing.mark.due.is_some();
            // The clear deletes it too, when it comes after this; one that has begun would have to come once
            // more, and where there is always another deletion, for ever.
            if matches!(what, What::Delete) && (full || !begun) {
                clearing.renew(version, uncertain);
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
            uncertain,
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

    pub(super) fn remove(&mut self, digest: KeyDigest) -> Option<Change> {
        let change = self.keys.remove(&digest)?;
        self.order.remove(&change.position);
        Some(change)
    }

    pub(super) fn delivered(&mut self, digest: KeyDigest, version: u64) -> Option<Change> {
        let change = self.keys.get_mut(&digest)?;
        if change.mark.version != version {
            // The newer one goes to the end of the line.
            self.order.remove(&change.position);
            change.position = change.mark.version;
            self.order.insert(change.position, digest);
            return None;
        }
        if !change.mark.uncertain {
            return self.remove(digest);
        }
        change.mark.settle();
        None
    }

    /// Everything that waits in the namespace gives way to its clearing.
    pub(super) fn clear(&mut self, namespace: &Namespace) -> Vec<Change> {
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

    pub(super) fn bar(&mut self, namespace: &Namespace, uncertain: bool) {
        let version = self.next();
        let room = self.namespaces.len() < MOST_NAMESPACES;
        match self.namespaces.get_mut(namespace) {
            Some(clearing) => clearing.renew(version, uncertain),
            None if room => {
                let mark = Mark {
                    version,
                    uncertain,
                    due: None,
                };
                let clearing = Clearing {
                    mark,
                    position: version,
                    under_way: false,
                };
                self.namespaces.insert(namespace.clone(), clearing);
            }
            None if self.lost => {}
            None => {
                self.lost = true;
                let message = format!(
                    "the layer missed changes in over {MOST_NAMESPACES} namespaces and is not read any more"
                );
                self.refused = Some(Error::new(ErrorKind::Unavailable, message));
            }
        }
    }

    /// There is no room for a change: its namespace is to be cleared. Deletions in it are done by that.
    pub(super) fn overflow(&mut self, namespace: &Namespace, uncertain: bool) -> Vec<Change> {
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

impl Clearing {
    /// It is to be done once more, for something that came after it began.
    pub(super) fn renew(&mut self, version: u64, uncertain: bool) {
        let settling = self.mark.due.take().is_some();
        self.mark.uncertain |= uncertain || settling;
        self.mark.version = version;
    }
}

impl Mark {
    /// Delivered for the first time while something older may still arrive.
    pub(super) fn settle(&mut self) {
        self.uncertain = false;
        self.due = Some(Instant::now() + SETTLE);
    }
}
