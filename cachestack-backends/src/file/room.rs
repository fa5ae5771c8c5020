//! Keeps the sum of all entries' sizes below `max_bytes`.
//!
//! Only a look at the whole folder tells what is there: other processes write too. So each look leaves so
//! many bytes to be written until the next, what is free and at most a tenth of the limit, and a write that
//! uses them up looks again.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, TryLockError};
use std::time::SystemTime;

use super::layout::Place;
use super::store::Store;
use crate::error::{Operation, Result};

#[derive(Debug)]
pub(super) struct Room {
    most: u64,
    /// How many bytes may be written until the next look; it begins below zero.
    left: AtomicI64,
    looking: Mutex<()>,
}

struct Entry {
    written: SystemTime,
    bytes: u64,
    place: Place,
}

impl Room {
    pub(super) fn new(most: u64) -> Self {
        Self {
            most,
            left: AtomicI64::new(-1),
            looking: Mutex::new(()),
        }
    }

    pub(super) fn most(&self) -> u64 {
        self.most
    }

    /// Takes note of an entry that took `before` bytes and takes `after` now, and says whether it is time
    /// to look.
    pub(super) fn changed(&self, before: u64, after: u64) -> bool {
        let grown = signed(after) - signed(before);
        self.left.fetch_sub(grown, Ordering::Relaxed) - grown < 0
    }

    /// Removes what was written longest ago, when there is more than there may be; never `newest`. Nothing
    /// is done while another thread is at it.
    pub(super) fn make(&self, store: &Store, newest: &Place) {
        let _looking = match self.looking.try_lock() {
            Ok(looking) => looking,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // What others write from here on counts even when the listing has seen it: too much is harmless.
        let used_up = self.left.swap(0, Ordering::Relaxed);
        match self.look(store, newest) {
            Ok(left) => {
                self.left.fetch_add(signed(left), Ordering::Relaxed);
            }
            Err(error) => {
                self.left.fetch_add(used_up, Ordering::Relaxed);
                store.note(Operation::Purge, error);
            }
        }
    }

    /// The same, and how much may be written until the next look.
    fn look(&self, store: &Store, newest: &Place) -> Result<u64> {
        let mut entries = Vec::new();
        let mut sum = 0_u64;
        store.each_entry(&|| false, |place, bytes, written| {
            sum = sum.saturating_add(bytes);
            entries.push(Entry {
                written,
                bytes,
                place,
            });
        })?;
        let tenth = self.most / 10;
        if sum > self.most {
            entries.retain(|entry| entry.place != *newest);
            entries.sort_by_key(|entry| entry.written);
            let mut oldest = entries.iter();
            while sum >= self.most - tenth {
                let Some(entry) = oldest.next() else {
                    break;
                };
                sum -= self.evict(store, entry);
            }
        }
        // When nothing can be removed, looking at every write would not help either.
        let free = self.most.checked_sub(sum).unwrap_or(tenth);
        Ok(free.min(tenth))
    }

    /// Removes an entry unless it was written anew, and says how many bytes are not there any more.
    fn evict(&self, store: &Store, entry: &Entry) -> u64 {
        let same = |path: &std::path::Path| {
            std::fs::symlink_metadata(path)
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|written| written == entry.written)
        };
        if store.free(&entry.place, same) {
            store.report.counters.evictions.add(1);
            return entry.bytes;
        }
        match entry.place.path().try_exists() {
            Ok(false) => entry.bytes,
            _ => 0,
        }
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_time_to_look_at_first_and_whenever_what_was_left_is_used_up() {
        let room = Room::new(1_000);
        assert!(room.changed(0, 1), "nobody has looked yet");
        room.left.store(100, Ordering::Relaxed);
        assert!(!room.changed(0, 60));
        assert!(!room.changed(60, 60), "written over");
        assert!(!room.changed(60, 0), "deleted");
        assert!(!room.changed(0, 100));
        assert!(room.changed(0, 1));
        assert!(room.changed(0, u64::MAX / 2));
    }
}
