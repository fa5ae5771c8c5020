//! The stack as a backend: what the contract asks for, in terms of reading and writing the layers.

use std::time::Duration;

use super::layer::StackLayer;
use super::read::Errors;
use super::recovery::SWEEP;
use super::stack::{Inner, TieredCache};
use crate::backend::{Backend, BackendInfo, Lookup, TimeLeft};
use crate::clock::Moment;
use crate::entry::{Entry, Seen, ValueType};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::key::{Key, KeyDigest, Namespace};
use crate::runtime::within;
use crate::stats::Stats;

/// How long closing waits for what is under way, and for each layer.
const CLOSE: Duration = Duration::from_secs(10);

impl Backend for TieredCache {
    fn info(&self) -> BackendInfo {
        let layers = &self.0.layers;
        let all = |what: fn(&BackendInfo) -> bool| layers.iter().all(|it| what(&it.info));
        BackendInfo {
            shared: layers.iter().any(|it| it.info.shared),
            typed: layers.iter().any(|it| it.info.typed),
            detached: all(|info| info.detached),
            silent: self.0.report.silent,
            // An entry lives as long as the lowest layer keeps it.
            ttl: layers.last().and_then(|it| it.info.ttl),
            max_ttl: layers.last().and_then(|it| it.info.max_ttl),
            ..BackendInfo::new("tiered")
        }
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        self.look(key, value_type, &mut self.passage(key)).await
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        let written = self.overwrite(key, entry, &[]).await;
        let report = &self.0.report;
        report.outcome(Operation::Set, Some(key.digest()), written, || ())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let removed = self.remove_many(std::slice::from_ref(key)).await;
        let report = &self.0.report;
        report.outcome(Operation::Delete, Some(key.digest()), removed, || ())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        self.holds(key, false).await
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let cleared = self.clear_layers(namespace).await;
        let report = &self.0.report;
        report.outcome(Operation::Clear, None, cleared, || ())
    }

    async fn stats(&self) -> Result<Stats> {
        let mut stats = self.0.report.counters.stats("tiered");
        stats.hits += self.0.hits_of_copies.as_ref().map_or(0, |hits| hits.get());
        for layer in &self.0.layers {
            let counted = layer.stats().await;
            stats.backfills += layer.seen.backfills.get();
            stats.corrupt += counted.corrupt;
            stats.layers.push(counted);
        }
        Ok(stats)
    }

    async fn get_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        let found = self.find_many(keys).await;
        let missed = || keys.iter().map(|_| Lookup::Miss).collect();
        self.0.report.outcome(Operation::Get, None, found, missed)
    }

    async fn set_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        let written = self.overwrite_many(entries, &[]).await;
        self.0.report.outcome(Operation::Set, None, written, || ())
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<()> {
        let removed = self.remove_many(keys).await;
        self.0
            .report
            .outcome(Operation::Delete, None, removed, || ())
    }

    async fn purge_expired(&self, namespace: &Namespace) -> Result<u64> {
        let mut purged = Ok(0);
        for layer in &self.0.layers {
            if layer.keeps_numbers() {
                // Not the caller's: nobody is told of it.
                let reserved = namespace.reserved();
                let purging = layer.backend.purge_expired(&reserved);
                drop(layer.ask(Operation::Purge, SWEEP, purging).await);
            }
            let purging = layer.backend.purge_expired(namespace);
            let here = match layer.ask(Operation::Purge, SWEEP, purging).await {
                Err(_) if layer.silent => Ok(0),
                here => here,
            };
            purged = purged.and_then(|so_far| here.map(|here| so_far + here));
        }
        self.0.report.outcome(Operation::Purge, None, purged, || 0)
    }

    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        // No layer keeps an entry longer than the one below it, so the lowest that has it knows.
        let mut errors = Errors::default();
        let mut known = Vec::new();
        for (index, layer) in self.0.layers.iter().enumerate().rev() {
            let left = match layer.is_plain() {
                true => {
                    let asked = layer.backend.ttl(key);
                    layer.ask(Operation::Ttl, layer.deadline, asked).await
                }
                false => {
                    let held = self.held(key, index, Operation::Ttl, &mut known).await;
                    held.map(|held| held.map_or(TimeLeft::Missing, |it| self.0.left_of(&it)))
                }
            };
            match left {
                Ok(TimeLeft::Missing) => {}
                Ok(left) => return Ok(left),
                Err(error) => errors.add(index, layer, error),
            }
        }
        let answered = errors.unless_answered(self.0.layers.len());
        let report = &self.0.report;
        report
            .outcome(Operation::Ttl, Some(key.digest()), answered, || ())
            .map(|()| TimeLeft::Missing)
    }

    async fn close(&self) -> Result<()> {
        let mut closed = self.drain(CLOSE).await;
        for layer in &self.0.layers {
            let ended = within(CLOSE, layer.backend.close()).await;
            closed = ended.unwrap_or_else(|| Err(no_end(layer))).and(closed);
        }
        self.0.crew.dismiss();
        for layer in &self.0.layers {
            // Whoever waits in `flush` need not wait for what nobody brings any more.
            layer.pending.changed.notify_waiters();
        }
        closed
    }

    fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        self.peek_top(key, value_type).map(Seen::into_entry)
    }

    #[inline]
    fn peek_shared(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        self.peek_top(key, value_type)
    }
}

impl Inner {
    fn left_of(&self, entry: &Entry) -> TimeLeft {
        match entry.time_left(self.clock.now()) {
            None => TimeLeft::Unlimited,
            Some(Duration::ZERO) => TimeLeft::Missing,
            Some(left) => TimeLeft::Left(left),
        }
    }
}

fn no_end(layer: &StackLayer) -> Error {
    let message = format!("`{}` did not close within {CLOSE:?}", layer.info.name);
    Error::new(ErrorKind::Timeout, message)
}

impl TieredCache {
    /// Whether a layer has an entry that is not stale; else as [`exists`](Backend::exists).
    ///
    /// # Errors
    /// As there.
    pub async fn exists_fresh(&self, key: &Key) -> Result<bool> {
        self.holds(key, true).await
    }

    async fn holds(&self, key: &Key, fresh: bool) -> Result<bool> {
        let mut errors = Errors::default();
        let mut known = Vec::new();
        for (index, layer) in self.0.layers.iter().enumerate() {
            let here = match layer.is_plain() {
                true => layer.holds(key, fresh.then(|| self.0.clock.now())).await,
                false => {
                    let held = self.held(key, index, Operation::Exists, &mut known).await;
                    let now = self.0.clock.now();
                    held.map(|held| held.is_some_and(|it| !fresh || it.is_fresh(now)))
                }
            };
            match here {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => errors.add(index, layer, error),
            }
        }
        let answered = errors.unless_answered(self.0.layers.len());
        let report = &self.0.report;
        report
            .outcome(Operation::Exists, Some(key.digest()), answered, || ())
            .map(|()| false)
    }
}

impl StackLayer {
    /// Whether a map in this process has an entry, which is fresh now where that is asked.
    async fn holds(&self, key: &Key, fresh: Option<Moment>) -> Result<bool> {
        let asked = self.backend.exists(key);
        let exists = self.ask(Operation::Exists, self.deadline, asked).await?;
        let (true, Some(now)) = (exists, fresh) else {
            return Ok(exists);
        };
        let asked = self.backend.get(key, ValueType::WHATEVER);
        let found = self.ask(Operation::Exists, self.deadline, asked).await?;
        Ok(match found {
            Lookup::Hit(entry) => entry.is_fresh(now) && !entry.is_outdated(),
            Lookup::Miss => false,
            // A store that looks at nothing but types cannot say more.
            Lookup::Mismatch => true,
        })
    }
}
