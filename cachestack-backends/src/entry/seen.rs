//! An entry as a look finds it that nobody waits for.

use std::fmt;
use std::ops::Deref;
#[cfg(feature = "memory")]
use std::sync::Arc;

use super::Entry;
#[cfg(feature = "memory")]
use crate::memory::Stored;

/// An entry that is read where a store in this process keeps it: it is not cloned, but held for as long as it is read.
#[doc(hidden)]
pub struct Seen(Held);

enum Held {
    #[cfg(feature = "memory")]
    Stored(Arc<Stored>),
    /// Of a store that keeps its entries otherwise.
    Own(Box<Entry>),
}

impl Seen {
    /// An entry that the store made for the look.
    pub fn own(entry: Entry) -> Self {
        Self(Held::Own(Box::new(entry)))
    }

    #[cfg(feature = "memory")]
    #[inline]
    pub(crate) fn stored(stored: Arc<Stored>) -> Self {
        Self(Held::Stored(stored))
    }

    /// The entry to keep.
    pub fn into_entry(self) -> Entry {
        match self.0 {
            #[cfg(feature = "memory")]
            Held::Stored(stored) => stored.entry.clone(),
            Held::Own(entry) => *entry,
        }
    }
}

impl Deref for Seen {
    type Target = Entry;

    #[inline]
    fn deref(&self) -> &Entry {
        match &self.0 {
            #[cfg(feature = "memory")]
            Held::Stored(stored) => &stored.entry,
            Held::Own(entry) => entry,
        }
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
