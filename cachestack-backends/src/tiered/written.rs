//! What is written: an entry, how long each layer keeps it, and what it depends on.

use super::layer::StackLayer;
use super::numbers::bound;
use super::stack::{Inner, Kept};
use crate::clock::Moment;
use crate::entry::Entry;
use crate::generation::Lives;

impl Inner {
    pub(super) fn written(&self, entry: Entry) -> Written {
        self.written_at(entry, self.clock.now())
    }

    /// The same at a moment that is known.
    pub(super) fn written_at(&self, entry: Entry, now: Moment) -> Written {
        let entry = match self.prompt < self.layers.len() {
            true => entry.sharing_bytes(),
            false => entry,
        };
        let kept = match entry.value_type().is_number() {
            true => self.kept_of_number(),
            false => {
                let mut kept = self.kept(entry.time_left(now));
                self.limit_known(&mut kept, &entry, now);
                kept
            }
        };
        Written {
            entry,
            now,
            kept,
            whole: true,
        }
    }
}

/// An entry that is being written, and how long each layer keeps it.
pub(super) struct Written {
    pub(super) entry: Entry,
    pub(super) now: Moment,
    kept: Kept,
    /// Whether the numbers of all that it depends on are in a store.
    pub(super) whole: bool,
}

/// What an entry depends on.
pub(super) struct Bonds {
    pub(super) lives: Lives,
    pub(super) whole: bool,
}

impl Bonds {
    pub(super) fn tie(&self, entry: Entry) -> (Entry, bool) {
        (bound(entry, &self.lives), self.whole)
    }
}

impl Written {
    pub(super) fn whole(mut self, whole: bool) -> Self {
        self.whole = whole;
        self
    }

    /// Whether a layer is to have it. Without its numbers nobody who reads it there could tell whether it is
    /// still valid.
    pub(super) fn goes_to(&self, layer: &StackLayer) -> bool {
        layer.takes(self.entry.value_type()) && (self.whole || !layer.keeps_numbers())
    }

    /// A layer's copy: with no more time than the layer keeps it.
    pub(super) fn share(&self, index: usize) -> Entry {
        self.entry.clone().capped(self.now, self.kept[index])
    }
}
