//! The contract, each operation as one job.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::config::{FileBuilder, FileConfig};
use super::error::first_error;
use super::job::{self, Ticket};
use super::store::Store;
use super::upkeep;
use crate::backend::{Backend, BackendInfo, Lookup, TimeLeft};
use crate::clock::Clock;
use crate::entry::{Entry, ValueType};
use crate::error::{Operation, Result};
use crate::fence::Fence;
use crate::key::{Key, Namespace};
use crate::stats::Stats;

/// Entries in a folder, which survive a restart and which several processes may share; clones share the
/// store.
///
/// Each entry is one file: a line that people can read (key, times, type, checksum), then the payload by
/// the backend's codec. It is written beside its place and renamed, so that a reader sees the old value or
/// the new one, never a part. What a crash or a bad disk leaves of a file is found by its checksum, is a
/// miss, and is removed; an entry of another type or release is a miss and stays; a file that does not
/// begin as ours do is a miss and stays too, until `set` or `delete` of its key. Files with other names
/// are never touched. `exists` and `ttl` read the first line alone, so they do not see damage behind it.
///
/// I/O happens in place for callers of sync code, and on a small pool of the library for async ones; every
/// operation is one job there, the `*_many` too. An entry that has ended is freed when it is asked for, by
/// `purge_expired`, or every [`auto_purge_interval`](FileConfig::auto_purge_interval). Without any ttl an
/// entry is kept for 30 days. `entries` and `bytes` of `stats` are counted at each call, over all
/// namespaces under the directory.
///
/// ```
/// use std::time::Duration;
/// use cachestack_backends::FileBackend;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let files = FileBackend::builder(path)
///     .ttl(Duration::from_secs(3600))
///     .max_bytes(512 << 20)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FileBackend(Arc<Store>);

impl FileBackend {
    /// The store that `config` describes.
    ///
    /// # Errors
    /// As [`FileBuilder::build`].
    pub fn new(config: FileConfig) -> Result<Self> {
        FileBuilder::from_config(config).build()
    }

    /// Starts with entries by postcard that are kept for 30 days, without a limit to their size.
    pub fn builder(directory: impl Into<PathBuf>) -> FileBuilder {
        FileBuilder::from_config(FileConfig::new(directory))
    }

    pub(super) fn open(builder: FileBuilder) -> Result<Self> {
        let store = Arc::new(Store::open(builder)?);
        upkeep::opened(&store);
        Ok(Self(store))
    }

    #[cfg(test)]
    pub(super) fn store(&self) -> &Store {
        &self.0
    }

    async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce(&Store, &Ticket) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let store = Arc::clone(&self.0);
        job::run(move |ticket| job(&store, ticket)).await
    }

    fn outcome<T>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        result: Result<T>,
        otherwise: impl FnOnce() -> T,
    ) -> Result<T> {
        let key = key.map(Key::digest);
        self.0.report.outcome(operation, key, result, otherwise)
    }
}

impl Backend for FileBackend {
    fn info(&self) -> BackendInfo {
        self.0.info()
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let wanted = key.clone();
        let found = self
            .run(move |store, _| store.find(&wanted, value_type))
            .await;
        let found = self.outcome(Operation::Get, Some(key), found, || Lookup::Miss)?;
        let counters = &self.0.report.counters;
        counters.count_found(value_type, &found);
        Ok(found)
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        let place = key.clone();
        let written = self
            .run(move |store, ticket| store.put(ticket, &place, entry))
            .await;
        upkeep::written(&self.0);
        self.outcome(Operation::Set, Some(key), written, || ())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.0.report.counters.deletes.add(1);
        let place = key.clone();
        let removed = self
            .run(move |store, ticket| store.remove(ticket, &place))
            .await;
        self.outcome(Operation::Delete, Some(key), removed, || ())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let (wanted, now) = (key.clone(), self.0.clock.wall());
        let exists = self
            .run(move |store, _| Ok(store.header(&wanted, now)?.is_some()))
            .await;
        self.outcome(Operation::Exists, Some(key), exists, || false)
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let namespace = namespace.clone();
        let cleared = self
            .run(move |store, ticket| store.clear(&namespace, &|| ticket.is_void()))
            .await;
        self.outcome(Operation::Clear, None, cleared, || ())
    }

    async fn stats(&self) -> Result<Stats> {
        let counted = self
            .run(|store, ticket| store.count(&|| ticket.is_void()))
            .await;
        let counted = self.outcome(Operation::Stats, None, counted.map(Some), || None)?;
        let store = &self.0;
        Ok(Stats {
            entries: counted.map(|count| count.entries),
            bytes: counted.map(|count| count.bytes),
            max_bytes: store.config.max_bytes,
            serializer: Some(store.config.serializer.name().to_owned()),
            namespace: (!store.namespace.is_empty()).then(|| store.namespace.to_string()),
            directory: Some(store.directory.clone()),
            ..store.report.counters.stats(store.report.name)
        })
    }

    async fn get_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        let wanted = keys.to_vec();
        let found = self
            .run(move |store, _| {
                let find = |(key, value_type): &(Key, &'static ValueType)| {
                    store
                        .find(key, value_type)
                        .map_err(|error| error.about(key.digest()))
                };
                wanted.iter().map(find).collect()
            })
            .await;
        let missed = || keys.iter().map(|_| Lookup::Miss).collect();
        let found: Vec<Lookup> = self.outcome(Operation::Get, None, found, missed)?;
        let counters = &self.0.report.counters;
        counters.count_all_found(keys, &found);
        Ok(found)
    }

    async fn set_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        let written = self
            .run(move |store, ticket| {
                first_error(entries.into_iter().map(|(key, entry)| {
                    store
                        .put(ticket, &key, entry)
                        .map_err(|error| error.about(key.digest()))
                }))
            })
            .await;
        upkeep::written(&self.0);
        self.outcome(Operation::Set, None, written, || ())
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<()> {
        self.0.report.counters.deletes.add(keys.len() as u64);
        let places = keys.to_vec();
        let removed = self
            .run(move |store, ticket| {
                first_error(places.iter().map(|key| {
                    store
                        .remove(ticket, key)
                        .map_err(|error| error.about(key.digest()))
                }))
            })
            .await;
        self.outcome(Operation::Delete, None, removed, || ())
    }

    async fn purge_expired(&self, namespace: &Namespace) -> Result<u64> {
        let namespace = namespace.clone();
        let freed = self
            .run(move |store, ticket| store.purge(&namespace, &|| ticket.is_void()))
            .await;
        self.outcome(Operation::Purge, None, freed, || 0)
    }

    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        let (wanted, now) = (key.clone(), self.0.clock.wall());
        let header = self.run(move |store, _| store.header(&wanted, now)).await;
        let header = self.outcome(Operation::Ttl, Some(key), header, || None)?;
        let left =
            |expires: SystemTime| TimeLeft::Left(expires.duration_since(now).unwrap_or_default());
        Ok(header.map_or(TimeLeft::Missing, |header| {
            header.expires().map_or(TimeLeft::Unlimited, left)
        }))
    }

    /// Ends the background work. Other operations go on working: nothing is held open between them.
    async fn close(&self) -> Result<()> {
        let closed = self.0.upkeep.close().await;
        self.outcome(Operation::Purge, None, closed, || ())
    }

    fn fence(&self) -> Option<Fence> {
        Some(self.0.fence.clone())
    }
    fn clock(&self) -> Option<Clock> {
        Some(self.0.clock.clone())
    }
}

impl fmt::Debug for FileBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBackend")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}
