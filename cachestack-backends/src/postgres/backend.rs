//! The contract, each operation as one task on the library's I/O thread.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::config::{Checked, PostgresBuilder, PostgresConfig};
use super::error;
use super::store::Store;
use crate::backend::{Backend, BackendInfo, Lookup, TimeLeft};
use crate::clock::Clock;
use crate::entry::{Entry, ValueType};
use crate::error::{Operation, Result};
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::network::Dsn;
use crate::runtime::Pass;
use crate::stats::Stats;

/// Entries in a table of PostgreSQL, which every process that uses the table shares; clones share the store.
///
/// **What is stored.** One row an entry: `namespace text`, `key text`, `entry bytea`, `expires_at timestamptz`, with
/// `(namespace, key)` as the primary key. `entry` is a line that people can read (the full key, type, checksum), then the
/// payload by the backend's codec. The first operation makes the table, unless it is there; several processes may do so at
/// once, and a role that may not is fine once the table is there. A table of that name with other columns is an error and is
/// left alone; one that is dropped is made anew by the next operation. The database's encoding must hold the keys' and
/// namespaces' characters, as UTF8 does.
///
/// **Times.** An entry ends by the server's clock. What has ended is never given out, and is freed by
/// `purge_expired`, or every [`auto_purge_interval`](PostgresConfig::auto_purge_interval). Without any ttl an entry is kept
/// for 30 days; what a column cannot express is kept for about 292,000 years.
///
/// **Turns.** `get`, `set`, `delete`, `exists`, `ttl` and the `*_many` are one turn to the server and back, after the
/// first of a kind on each connection, which prepares it. Behind a pooler such as PgBouncer they are four. `clear` and
/// `purge_expired` take a turn for each 1,000 rows, and up to 30 s; a purge passes over what another process purges. An
/// entry may be 256 MiB large. `stats` asks the server nothing, as counting rows is not cheap: `entries` and `bytes` are
/// not known.
///
/// **What survives.** A restart of the application, and of the server. A crash of the server empties the table, unless it
/// is made with `unlogged(false)`.
///
/// **Failing.** Each operation takes `timeout` (500 ms) at most, connecting (1 s at most, which goes on in the background)
/// included, and ends at once when connections are refused; the next one connects anew. A connection that the server closed
/// while it was idle is replaced without a failure. [`Unavailable`](crate::ErrorKind::Unavailable) says that the server
/// is away or refuses, [`Timeout`](crate::ErrorKind::Timeout) that it is slow, [`Config`](crate::ErrorKind::Config) that
/// user, password, database, schema or table are wrong. After `close` all operations but `stats` are
/// [`Closed`](crate::ErrorKind::Closed).
///
/// ```no_run
/// use std::time::Duration;
/// use cachestack_backends::PostgresBackend;
///
/// # async fn open() -> cachestack_backends::Result<()> {
/// let store = PostgresBackend::builder("postgresql://app:secret@db.internal/shop")
///     .table("caching.entries")
///     .ttl(Duration::from_secs(3600))
///     .auto_purge_interval(Duration::from_secs(60))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresBackend(pub(super) Arc<Store>);

/// How long connections are waited for at a close, beside the operations that have them.
const GOODBYE: Duration = Duration::from_secs(1);

impl PostgresBackend {
    /// The store that `config` describes. Nothing is connected until the first operation.
    ///
    /// # Errors
    /// As [`PostgresBuilder::build`].
    pub fn new(config: PostgresConfig) -> Result<Self> {
        PostgresBuilder::from_config(config).build()
    }

    /// Starts with the table `cachestack` and entries by postcard that are kept for 30 days.
    ///
    /// The address is `postgresql://user:password@host:5432/database`, or `postgres://…`; with a socket,
    /// `postgresql://user@/database?host=/folder/of/the/socket`. Parameters are `sslmode` (`disable`, `prefer`, `require`,
    /// `verify-ca`, `verify-full`), `sslrootcert`, `sslcert`, `sslkey`, `host`, `hostaddr`, `port`, `user`, `password`,
    /// `dbname`, `application_name` (default `cachestack`) and `options`. What is left out comes from `PGHOST`, `PGUSER`,
    /// `PGPASSWORD` and their like, and from `~/.pgpass`.
    pub fn builder(dsn: impl Into<Dsn>) -> PostgresBuilder {
        PostgresBuilder::from_config(PostgresConfig::new(dsn))
    }

    /// The store on that server, connected.
    ///
    /// # Errors
    /// As [`PostgresBuilder::connect`].
    pub async fn connect(dsn: impl Into<Dsn>) -> Result<Self> {
        Self::builder(dsn).connect().await
    }

    pub(super) fn open(checked: Checked) -> Self {
        Self(Arc::new(Store::new(checked)))
    }

    /// Connects and makes or checks the table.
    pub(super) async fn prepare(&self) -> Result<()> {
        let pass = self.0.calls.pass()?;
        let store = Arc::clone(&self.0);
        let within = store.config.connect_timeout;
        let prepared = pass.run(async move {
            let prepared = timeout(within, store.make_table()).await;
            prepared.unwrap_or_else(|_| Err(error::no_connection(within, store.pool.max())))
        });
        prepared.await.unwrap_or_else(|| Err(error::lost()))
    }
}

impl Backend for PostgresBackend {
    fn info(&self) -> BackendInfo {
        self.0.entries.info()
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let found = self.find(key, value_type).await;
        let entries = &self.0.entries;
        let found = entries.outcome(Operation::Get, Some(key), found, || Lookup::Miss)?;
        entries.count(value_type, &found);
        Ok(found)
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        let written = self.put(key, entry).await;
        let entries = &self.0.entries;
        entries.outcome(Operation::Set, Some(key), written, || ())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let place = self.0.entries.locate(key);
        let digest = [place.digest()];
        let deleted = self.0.calls.write(digest, self.store().delete(place)).await;
        let entries = &self.0.entries;
        let deleted = entries.outcome(Operation::Delete, Some(key), deleted, || 0)?;
        entries.report.counters.deletes.add(deleted);
        Ok(())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let left = self.left(key).await;
        let entries = &self.0.entries;
        let left = entries.outcome(Operation::Exists, Some(key), left, || TimeLeft::Missing)?;
        Ok(left != TimeLeft::Missing)
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let namespace = self.0.entries.namespace.join(namespace);
        let cleared = self.0.calls.sweep(self.store().clear(namespace)).await;
        let entries = &self.0.entries;
        entries.outcome(Operation::Clear, None, cleared, || ())
    }

    async fn stats(&self) -> Result<Stats> {
        Ok(self.0.entries.stats())
    }

    async fn get_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.find_many(keys).await;
        let missed = || keys.iter().map(|_| Lookup::Miss).collect();
        let entries = &self.0.entries;
        let found = entries.outcome(Operation::Get, None, found, missed)?;
        entries.count_all(keys, &found);
        Ok(found)
    }

    async fn set_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let written = self.put_many(entries).await;
        let entries = &self.0.entries;
        entries.outcome(Operation::Set, None, written, || ())
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let entries = &self.0.entries;
        let places: Vec<Key> = keys.iter().map(|key| entries.locate(key)).collect();
        let digests: Vec<KeyDigest> = places.iter().map(Key::digest).collect();
        let delete = self.store().delete_many(places);
        let deleted = self.0.calls.write(digests, delete).await;
        let deleted = entries.outcome(Operation::Delete, None, deleted, || 0)?;
        entries.report.counters.deletes.add(deleted);
        Ok(())
    }

    async fn purge_expired(&self, namespace: &Namespace) -> Result<u64> {
        let namespace = self.0.entries.namespace.join(namespace);
        let purged = self.0.calls.sweep(self.store().purge(namespace)).await;
        let entries = &self.0.entries;
        entries.outcome(Operation::Purge, None, purged, || 0)
    }

    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        let left = self.left(key).await;
        let entries = &self.0.entries;
        entries.outcome(Operation::Ttl, Some(key), left, || TimeLeft::Missing)
    }

    /// Ends the background work and closes the connections, each when the operation that has it ends.
    async fn close(&self) -> Result<()> {
        if let Some((pass, goodbye)) = goodbye(&self.0) {
            // Whether or not each connection was closed in time, none will be used again.
            let _ = pass.run(goodbye).await;
        }
        Ok(())
    }

    fn fence(&self) -> Option<Fence> {
        Some(self.0.fence.clone())
    }
    fn clock(&self) -> Option<Clock> {
        Some(self.0.entries.clock.clone())
    }
}

/// What closes the connections, and where to run it; nothing when that is done, or none was ever opened.
fn goodbye(store: &Store) -> Option<(Pass, impl Future<Output = ()> + Send + 'static)> {
    store.upkeep.end();
    let pass = store.calls.close()?;
    let pool = Arc::clone(&store.pool);
    let bound = store.config.timeout.saturating_add(GOODBYE);
    // The I/O thread goes on until the end of this.
    let kept = pass.clone();
    let goodbye = async move {
        let _ = timeout(bound, pool.close()).await;
        drop(kept);
    };
    Some((pass, goodbye))
}

/// The last clone may go anywhere: inside of a runtime, without one, on the I/O thread.
impl Drop for Store {
    fn drop(&mut self) {
        if let Some((pass, goodbye)) = goodbye(self) {
            pass.spawn(goodbye);
        }
    }
}

impl fmt::Debug for PostgresBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBackend")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}
