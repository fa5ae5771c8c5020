//! The memory store itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::config::{MemoryBuilder, MemoryConfig, Weigher};
use super::janitor::Janitor;
use super::store::{Inserted, Limits, Store, Stored};
use crate::backend::{Backend, BackendInfo, Lookup, Report, TimeLeft, candid};
use crate::changes::Changes;
use crate::clock::{Clock, Moment};
use crate::entry::{Entry, Seen, ValueType};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::runtime::Scope;
use crate::stats::Stats;

/// A bounded store in this process; clones share it.
///
/// It keeps typed values: nothing is serialised, and a hit costs a map look-up and the clone of a
/// pointer. Entries are found by a 128-bit keyed digest of their key; the key's text is not kept. Ended
/// entries are misses at once. They are freed when their key is asked for, or in the background: at the
/// latest after as long again as they lived, and two seconds. Nothing survives a restart.
///
/// ```
/// use std::time::Duration;
/// use cachestack_backends::{EvictionPolicy, MemoryBackend};
///
/// let memory = MemoryBackend::builder()
///     .policy(EvictionPolicy::Lru)
///     .max_entries(1_000)
///     .ttl(Duration::from_secs(300))
///     .build()?;
/// # Ok::<(), cachestack_backends::Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryBackend(Arc<Inner>);

pub(super) struct Inner {
    info: BackendInfo,
    config: MemoryConfig,
    weight: Option<(u64, Weigher)>,
    clock: Clock,
    store: Store,
    report: Report,
    fence: Fence,
    janitor: Janitor,
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::from_builder(MemoryBuilder::default())
    }
}

impl MemoryBackend {
    /// The store that `config` describes.
    ///
    /// # Errors
    /// As [`MemoryBuilder::build`].
    pub fn new(config: MemoryConfig) -> Result<Self> {
        MemoryBuilder::from_config(config).build()
    }

    /// Starts with 10,000 entries by [`EvictionPolicy::S3Fifo`](super::EvictionPolicy::S3Fifo), no ttl.
    pub fn builder() -> MemoryBuilder {
        MemoryBuilder::default()
    }

    pub(super) fn from_builder(builder: MemoryBuilder) -> Self {
        let limits = Limits {
            entries: builder.config.max_entries,
            weight: builder.weight.as_ref().map(|(most, _)| *most),
        };
        let config = &builder.config;
        let info = BackendInfo::new("memory")
            .silent(config.silent)
            .typed(true)
            .immediate(true)
            .detached(true)
            .ttl(config.ttl)
            .max_ttl(config.max_ttl);
        Self(Arc::new(Inner {
            info,
            store: Store::new(builder.config.policy, limits, builder.config.at_hand),
            report: Report::new("memory", builder.config.silent),
            config: builder.config,
            weight: builder.weight,
            clock: builder.clock.unwrap_or_else(Clock::open),
            fence: Fence::new(),
            janitor: Janitor::default(),
        }))
    }

    /// How many entries are there, ended ones that are not freed yet included.
    pub fn len(&self) -> usize {
        self.0.store.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is under the key, unless it has ended. The exact time is asked for only where its end is not surely ahead.
    #[inline]
    fn find(
        &self,
        key: KeyDigest,
        is_surely_ahead: impl FnOnce(Moment) -> bool,
    ) -> Option<Arc<Stored>> {
        let stored = self.0.store.get(key)?;
        let end = stored.entry.expires_at();
        let is_live = end.is_none_or(is_surely_ahead) || !self.0.free_if_ended(key, &stored);
        is_live.then_some(stored)
    }

    fn look_up(&self, key: KeyDigest, value_type: &'static ValueType) -> Lookup {
        let found = match self.find(key, |_| false) {
            None => Lookup::Miss,
            Some(stored) if value_type.describes(stored.entry.any()) => {
                Lookup::Hit(stored.entry.clone())
            }
            Some(_) => Lookup::Mismatch,
        };
        self.0.report.counters.count_found(value_type, &found);
        found
    }

    fn put(&self, key: &Key, entry: Entry, now: Moment) -> Result<()> {
        let _after_the_locks = Scope::new();
        let inner = &self.0;
        let entry = inner.info.bounded(entry.without_bytes(), now);
        let left = entry.time_left(now);
        if left == Some(Duration::ZERO) {
            inner.store.remove_if(key.digest(), |_| true);
            inner.report.counters.writes.add(1);
            return Ok(());
        }
        let weight = inner
            .weight
            .as_ref()
            .map_or(1, |(_, weigher)| weigher(key, &entry));
        let stored = Arc::new(Stored {
            entry,
            space: key.namespace().own_digest().halves(),
            weight,
        });
        match inner.store.insert(key.digest(), stored) {
            Inserted::Kept { evicted } => {
                inner.report.counters.writes.add(1);
                inner.report.counters.evictions.add(evicted);
            }
            Inserted::TooHeavy => {
                inner.store.remove_if(key.digest(), |_| true);
                return Err(too_heavy(
                    weight,
                    inner.weight.as_ref().map(|(most, _)| *most),
                ));
            }
        }
        // Real time means nothing to entries that live by a clock moved by hand.
        if let Some(left) = left.filter(|_| !inner.clock.is_manual()) {
            inner.janitor.call(inner, now, left);
        }
        Ok(())
    }
}

fn too_heavy(weight: u64, most: Option<u64>) -> Error {
    let most = most.unwrap_or_default();
    Error::new(
        ErrorKind::TooLarge,
        format!("the entry weighs {weight} bytes, too much for max_weight_bytes = {most}"),
    )
}

impl Inner {
    pub(super) fn janitor(&self) -> &Janitor {
        &self.janitor
    }

    #[cold]
    fn free_if_ended(&self, key: KeyDigest, stored: &Stored) -> bool {
        let _after_the_locks = Scope::new();
        let now = self.clock.now();
        if stored.entry.is_live(now) {
            return false;
        }
        if self
            .store
            .remove_if(key, |stored| !stored.entry.is_live(now))
        {
            self.report.counters.expirations.add(1);
        }
        true
    }

    /// Frees every ended entry; the time until the next one ends, if any has an end.
    pub(super) fn free_ended(&self) -> Option<Duration> {
        let _after_the_locks = Scope::new();
        let now = self.clock.now();
        let mut next = None;
        let freed = self.store.retain(|stored| {
            if !stored.is_live(now) {
                return false;
            }
            let end = stored.entry.expires_at();
            next = next.into_iter().chain(end).min();
            true
        });
        self.report.counters.expirations.add(freed);
        next.map(|next| next.since(now))
    }
}

impl Backend for MemoryBackend {
    fn info(&self) -> BackendInfo {
        self.0.info.clone()
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        Ok(self.look_up(key.digest(), value_type))
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        let put = self.put(key, entry, self.0.clock.now());
        self.0
            .report
            .outcome(Operation::Set, Some(key.digest()), put, || ())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.delete_now(key);
        Ok(())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let now = self.0.clock.now();
        Ok(self
            .0
            .store
            .look(key.digest())
            .is_some_and(|stored| stored.is_live(now)))
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let _after_the_locks = Scope::new();
        let space = namespace.own_digest().halves();
        self.0.store.retain(|stored| stored.space != space);
        Ok(())
    }

    async fn stats(&self) -> Result<Stats> {
        let inner = &self.0;
        let counted = inner.report.counters.stats("memory");
        let by_copies = inner.store.changes().map_or(0, Changes::hits);
        Ok(Stats {
            hits: counted.hits + by_copies,
            entries: Some(inner.store.len() as u64),
            max_entries: Some(inner.config.max_entries as u64),
            bytes: inner.weight.as_ref().map(|_| inner.store.weight()),
            max_bytes: inner.weight.as_ref().map(|(most, _)| *most),
            policy: Some(inner.config.policy.name().into()),
            ..counted
        })
    }

    async fn purge_expired(&self, namespace: &Namespace) -> Result<u64> {
        let _after_the_locks = Scope::new();
        let (now, space) = (self.0.clock.now(), namespace.own_digest().halves());
        let freed = self
            .0
            .store
            .retain(|stored| stored.space != space || stored.is_live(now));
        self.0.report.counters.expirations.add(freed);
        Ok(freed)
    }

    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        let now = self.0.clock.now();
        let stored = self.0.store.look(key.digest());
        Ok(match stored.filter(|stored| stored.is_live(now)) {
            None => TimeLeft::Missing,
            Some(stored) => stored
                .entry
                .time_left(now)
                .map_or(TimeLeft::Unlimited, TimeLeft::Left),
        })
    }

    fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        self.peek_shared(key, value_type).map(Seen::into_entry)
    }

    #[inline]
    fn peek_shared(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        // Who peeks looks often: the coarse clock tells most ends.
        let is_ahead = |end| self.0.clock.is_before(self.0.clock.limit(end));
        let stored = self.find(key, is_ahead)?;
        if !value_type.describes(stored.entry.any()) {
            return None;
        }
        self.0.report.counters.hits.one_more();
        Some(Seen::stored(stored))
    }

    fn get_now(&self, key: &Key, value_type: &'static ValueType) -> Option<Lookup> {
        Some(self.look_up(key.digest(), value_type))
    }

    fn set_now(&self, key: &Key, entry: Entry, now: Moment) -> Result<Result<()>, Entry> {
        let put = self.put(key, entry, now);
        Ok(candid(|| {
            let report = &self.0.report;
            report.outcome(Operation::Set, Some(key.digest()), put, || ())
        }))
    }

    fn delete_now(&self, key: &Key) -> bool {
        let _after_the_locks = Scope::new();
        if self.0.store.remove_if(key.digest(), |_| true) {
            self.0.report.counters.deletes.add(1);
        }
        true
    }

    fn fence(&self) -> Option<Fence> {
        Some(self.0.fence.clone())
    }
    fn changes(&self) -> Option<Changes> {
        self.0.store.changes().cloned()
    }
    fn clock(&self) -> Option<Clock> {
        Some(self.0.clock.clone())
    }
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBackend")
            .field("config", &self.0.config)
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}
