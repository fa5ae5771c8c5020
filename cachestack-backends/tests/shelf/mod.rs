//! A backend of one's own, from the public API alone: a shelf of bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cachestack_backends::{
    Backend, Clock, Codec, Entry, Key, Lookup, Namespace, Opened, Rejected, Result, Stats,
    ValueType,
};

/// Keeps every entry as the bytes it would have on a disk; clones are one shelf.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) codec: Codec,
    pub(crate) clock: Clock,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    bytes: HashMap<String, Vec<u8>>,
    stats: Stats,
}

impl Shelf {
    pub(crate) fn new(codec: Codec, clock: Clock) -> Self {
        Self {
            codec,
            clock,
            ..Self::default()
        }
    }

    /// Changes the bytes under a key, as a broken disk would.
    #[allow(dead_code, reason = "not all tests damage something")]
    pub(crate) fn damage(&self, key: &Key, edit: &mut dyn FnMut(&mut Vec<u8>)) {
        if let Some(bytes) = self.books().bytes.get_mut(&key.stored()) {
            edit(bytes);
        }
    }

    /// Drops what is stored under such names, as a store does that has no room; says how much it was.
    #[allow(dead_code, reason = "not all tests evict something")]
    pub(crate) fn evict(&self, which: impl Fn(&str) -> bool) -> usize {
        let bytes = &mut self.books().bytes;
        let before = bytes.len();
        bytes.retain(|stored, _| !which(stored));
        before - bytes.len()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Shelf {
    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let bytes = self.books().bytes.get(&key.stored()).cloned();
        let opened = bytes.map(|bytes| self.codec.open(key, &bytes, value_type, &self.clock));
        let stats = &mut self.books().stats;
        let found = match opened {
            Some(Ok(found)) => found,
            Some(Err(rejected)) => {
                stats.corrupt +=
                    u64::from(matches!(rejected, Rejected::Corrupt | Rejected::Foreign));
                Lookup::Miss
            }
            None => Lookup::Miss,
        };
        match found.is_hit() {
            true => stats.hits += 1,
            false => stats.misses += 1,
        }
        Ok(found)
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        if !entry.is_live(self.clock.now()) {
            return self.delete(key).await;
        }
        let sealed = self.codec.seal(key, &entry, &self.clock);
        let sealed = sealed.inspect_err(|_| self.books().stats.errors += 1)?;
        self.books().bytes.insert(key.stored(), sealed.to_bytes());
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.books().bytes.remove(&key.stored());
        Ok(())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let now = self.clock.wall();
        let books = self.books();
        let opened = books.bytes.get(&key.stored()).map(|it| Opened::parse(it));
        Ok(opened.is_some_and(|it| it.is_ok_and(|it| it.check(key, now).is_ok())))
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let ours = |stored: &str| stored.starts_with(namespace.prefix());
        self.books().bytes.retain(|stored, _| !ours(stored));
        Ok(())
    }

    async fn stats(&self) -> Result<Stats> {
        let books = self.books();
        Ok(Stats {
            backend: "shelf".into(),
            entries: Some(books.bytes.len() as u64),
            ..books.stats.clone()
        })
    }
}
