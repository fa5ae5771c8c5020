//! The contract, each operation as one turn.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::config::{RedisBuilder, RedisConfig};
use super::setup::Setup;
use super::store::{self, Store, name_of, prefix_of};
use super::{commands, sweep};
use crate::backend::{Backend, BackendInfo, Lookup, TimeLeft};
use crate::clock::Clock;
use crate::entry::{Entry, ValueType};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::network::Dsn;
use crate::runtime::within;
use crate::stats::Stats;

/// Entries in Redis (6 or later, or what speaks RESP3 as it does), shared by every process that opens it; clones share the
/// connections.
///
/// # Addresses
///
/// | | |
/// |---|---|
/// | `redis://user:password@host:6379/0` | one server; all but the host may be left out, and a password alone is `:password@` |
/// | `redis-cluster://host:6379,host2:6379` | a cluster, of which some nodes are named |
/// | `redis-sentinel://host:26379,host2:26379/mymaster/0` | the primary that sentinels know by that name, which may also stand behind the `?` as `sentinelServiceName`; `sentinelUsername` and `sentinelPassword` are their own credentials |
/// | `redis+unix:///run/redis.sock`, `unix:///run/redis.sock` | a socket; `unix://:password@/run/redis.sock?db=1` |
///
/// With `rediss` in place of `redis` the connections speak TLS. `db`, `username` and `password` may also stand behind the
/// `?`. What is no letter or digit in a user or password is percent-escaped.
///
/// # What is stored
///
/// Each entry is one string under `namespace/key`: a line that people can read (key, times, type, checksum), then the payload
/// by the backend's codec. `%`, `/` and control characters of the namespace are percent-escaped; a namespace over 255 bytes, and
/// a key over 1 KiB or with a NUL, is called by its digest. `PX` tells the server when the entry ends, rounded up to the
/// millisecond, and it is the server's clock that counts: readers ask it how long an entry is still there. The server
/// frees ended entries itself, so `purge_expired` has nothing to do and answers 0. What survives a restart of the server is for its
/// own settings to say; without any ttl an entry is kept for 30 days. What others wrote under one of our keys is a miss that counts as
/// corrupt, and `set` replaces it.
///
/// # Turns
///
/// `get` (`PTTL` and `GET`), `set` (`SET`), `delete` (`UNLINK`), `exists` (`EXISTS`) and `ttl` (`PTTL`) are one request and one
/// answer each; so are `get_many` (`PTTL` of each key and `MGET`), `set_many` (`SET` of each) and `delete_many` (`UNLINK`) for each
/// 1,000 keys, in a cluster with each node at once and by commands of one key. `clear` looks the whole database through by `SCAN`, on
/// each primary of a cluster, and deletes what begins as the namespace's keys do; it may take 30 s. `stats` asks nothing of the
/// server.
///
/// # Failures
///
/// Connections live on a thread of the library, are opened by the first operation and anew when they are lost, and carry any
/// number of operations at once. While the server is known to be away operations fail at once with
/// [`Unavailable`](ErrorKind::Unavailable) (a full server is that too); it is tried again after a tenth of the time it has been away, at most
/// 250 ms. An operation without an answer fails after [`timeout`](RedisConfig::timeout), 500 ms, and closes its connection, unless it
/// reads and others were answered meanwhile: so a write that failed does not take effect when a server that hung goes on, except for
/// what it had received already. A wrong password, a database that is not there or a certificate that is not trusted is
/// [`Config`](ErrorKind::Config). A cluster is used as a whole: it is down for us while one of its primaries cannot be reached. A slot that
/// has moved is followed; while one is on its way, its keys that have gone are `Unavailable`.
///
/// ```no_run
/// use std::time::Duration;
/// use cachestack_backends::RedisBackend;
///
/// # async fn open() -> cachestack_backends::Result<()> {
/// let redis = RedisBackend::connect("redis://127.0.0.1:6379/0").await?;
/// let sessions = RedisBackend::builder("rediss://app:secret@cache.internal")
///     .namespace("sessions")
///     .ttl(Duration::from_secs(3600))
///     .timeout(Duration::from_millis(100))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisBackend(Arc<Store>);

impl RedisBackend {
    /// The store that `config` describes. Nothing is connected yet.
    ///
    /// # Errors
    /// As [`RedisBuilder::build`].
    pub fn new(config: RedisConfig) -> Result<Self> {
        RedisBuilder::from_config(config).build()
    }

    /// Starts with entries by postcard that are kept for 30 days, over one connection.
    pub fn builder(dsn: impl Into<Dsn>) -> RedisBuilder {
        RedisBuilder::from_config(RedisConfig::new(dsn))
    }

    /// The store at that address, with all settings at their defaults, connected. A server that is not there is no error, as an
    /// application should start while its cache is down: that is traced, and the server used as soon as it is back.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when the address is wrong, or the server refuses us: a wrong password, no such
    /// database, a certificate that is not trusted.
    pub async fn connect(dsn: impl Into<Dsn>) -> Result<Self> {
        let backend = Self::builder(dsn).build()?;
        backend.ready().await?;
        Ok(backend)
    }

    /// Connects what [`RedisBuilder::build`] made, as [`connect`](Self::connect) does.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn ready(&self) -> Result<()> {
        match self.first_attempts().await {
            Err(error) if error.kind() == ErrorKind::Config => {
                Err(error.at(store::NAME, Operation::Open))
            }
            Err(error) => {
                tracing::warn!(target: "cachestack", %error, "the server is not there; it is used when it is");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn first_attempts(&self) -> Result<()> {
        let links = self.0.links();
        let attempts = self.0.calls.pass()?.run(async move {
            for link in links {
                link.first().await?;
            }
            Ok(())
        });
        let limit = self.0.builder.config.connect_timeout;
        let late = || {
            Error::new(
                ErrorKind::Timeout,
                format!("no connection within {limit:?}"),
            )
        };
        within(limit, attempts)
            .await
            .flatten()
            .unwrap_or_else(|| Err(late()))
    }

    pub(super) fn of(builder: RedisBuilder, setup: Setup) -> Self {
        Self(Arc::new(Store::new(builder, setup)))
    }

    async fn find(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let (store, key) = (&self.0, self.0.entries.locate(key));
        let link = store.link(key.digest())?;
        let asked = store.entries.clock.now();
        let found = store
            .calls
            .read([key.digest()], commands::get(link, name_of(&key)))
            .await?;
        Ok(store.open(&key, found, value_type, asked))
    }

    async fn find_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        let store = &self.0;
        let places: Vec<Key> = keys
            .iter()
            .map(|(key, _)| store.entries.locate(key))
            .collect();
        let (digests, names) = names_of(&places);
        let Some(first) = digests.first() else {
            return Ok(Vec::new());
        };
        let link = store.link(*first)?;
        let asked = store.entries.clock.now();
        let found = store
            .calls
            .read(digests, commands::get_many(link, names, store.cluster))
            .await?;
        let opened = places.iter().zip(keys).zip(found);
        Ok(opened
            .map(|((place, (_, value_type)), found)| store.open(place, found, value_type, asked))
            .collect())
    }

    async fn put(&self, key: &Key, entry: Entry) -> Result<()> {
        let (store, key) = (&self.0, self.0.entries.locate(key));
        let write = store.seal(&key, entry)?;
        let link = store.link(key.digest())?;
        store
            .calls
            .write(
                [key.digest()],
                commands::set(link, store.entries.clock.clone(), name_of(&key), write),
            )
            .await?;
        store.entries.report.counters.writes.add(1);
        Ok(())
    }

    async fn put_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        let store = &self.0;
        let mut digests = Vec::with_capacity(entries.len());
        let mut writes = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let key = store.entries.locate(&key);
            let write = store
                .seal(&key, entry)
                .map_err(|error| error.about(key.digest()))?;
            digests.push(key.digest());
            writes.push((name_of(&key), write));
        }
        let Some(first) = digests.first() else {
            return Ok(());
        };
        let (link, count) = (store.link(*first)?, writes.len() as u64);
        store
            .calls
            .write(
                digests,
                commands::set_many(link, store.entries.clock.clone(), writes),
            )
            .await?;
        store.entries.report.counters.writes.add(count);
        Ok(())
    }

    async fn remove(&self, key: &Key) -> Result<()> {
        let (store, key) = (&self.0, self.0.entries.locate(key));
        let link = store.link(key.digest())?;
        let deleted = store
            .calls
            .write([key.digest()], commands::delete(link, name_of(&key)))
            .await?;
        store.entries.report.counters.deletes.add(deleted);
        Ok(())
    }

    async fn remove_many(&self, keys: &[Key]) -> Result<()> {
        let store = &self.0;
        let keys: Vec<Key> = keys.iter().map(|key| store.entries.locate(key)).collect();
        let (digests, names) = names_of(&keys);
        let Some(first) = digests.first() else {
            return Ok(());
        };
        let link = store.link(*first)?;
        let task = commands::delete_many(link, names, store.cluster);
        let deleted = store.calls.write(digests, task).await?;
        store.entries.report.counters.deletes.add(deleted);
        Ok(())
    }

    async fn is_there(&self, key: &Key) -> Result<bool> {
        let (store, key) = (&self.0, self.0.entries.locate(key));
        let link = store.link(key.digest())?;
        let task = commands::exists(link, name_of(&key));
        store.calls.read([key.digest()], task).await
    }

    async fn time_left(&self, key: &Key) -> Result<TimeLeft> {
        let (store, key) = (&self.0, self.0.entries.locate(key));
        let link = store.link(key.digest())?;
        let task = commands::ttl(link, name_of(&key));
        store.calls.read([key.digest()], task).await
    }

    async fn sweep(&self, namespace: &Namespace) -> Result<()> {
        let store = &self.0;
        let prefix = prefix_of(&store.entries.namespace.join(namespace));
        let link = store.link(KeyDigest(0))?;
        let limit = store.builder.config.timeout;
        store
            .calls
            .sweep(sweep::clear(link, prefix, limit, store.cluster))
            .await
    }
}

fn names_of(keys: &[Key]) -> (Vec<KeyDigest>, Vec<Bytes>) {
    keys.iter().map(|key| (key.digest(), name_of(key))).unzip()
}

impl Backend for RedisBackend {
    fn info(&self) -> BackendInfo {
        self.0.entries.info()
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let entries = &self.0.entries;
        let found = self.find(key, value_type).await;
        let found = entries.outcome(Operation::Get, Some(key), found, || Lookup::Miss)?;
        entries.count(value_type, &found);
        Ok(found)
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        let written = self.put(key, entry).await;
        self.0
            .entries
            .outcome(Operation::Set, Some(key), written, || ())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let removed = self.remove(key).await;
        self.0
            .entries
            .outcome(Operation::Delete, Some(key), removed, || ())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let exists = self.is_there(key).await;
        self.0
            .entries
            .outcome(Operation::Exists, Some(key), exists, || false)
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let cleared = self.sweep(namespace).await;
        self.0
            .entries
            .outcome(Operation::Clear, None, cleared, || ())
    }

    /// What this process counted. The server is not asked, so it works while that is away.
    async fn stats(&self) -> Result<Stats> {
        Ok(self.0.entries.stats())
    }

    async fn get_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        let entries = &self.0.entries;
        let found = self.find_many(keys).await;
        let missed = || keys.iter().map(|_| Lookup::Miss).collect();
        let found = entries.outcome(Operation::Get, None, found, missed)?;
        entries.count_all(keys, &found);
        Ok(found)
    }

    async fn set_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        let written = self.put_many(entries).await;
        self.0.entries.outcome(Operation::Set, None, written, || ())
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<()> {
        let removed = self.remove_many(keys).await;
        self.0
            .entries
            .outcome(Operation::Delete, None, removed, || ())
    }

    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        let left = self.time_left(key).await;
        self.0
            .entries
            .outcome(Operation::Ttl, Some(key), left, || TimeLeft::Missing)
    }

    /// Lets writes that were begun come to their end, then closes the connections. Later operations answer
    /// [`Closed`](ErrorKind::Closed).
    async fn close(&self) -> Result<()> {
        let Some((pass, links)) = self.0.end() else {
            return Ok(());
        };
        let limit = self.0.builder.config.timeout;
        let written = self.0.calls.written();
        let ended = pass.run(async move {
            let _ = tokio::time::timeout(limit, written).await;
            store::close(links).await;
        });
        // The connections go whatever becomes of this wait.
        let _ = within(limit.saturating_mul(2), ended).await;
        Ok(())
    }

    fn fence(&self) -> Option<Fence> {
        Some(self.0.fence.clone())
    }
    fn clock(&self) -> Option<Clock> {
        Some(self.0.entries.clock.clone())
    }
}

impl fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBackend")
            .field("config", &self.0.builder.config)
            .finish_non_exhaustive()
    }
}
