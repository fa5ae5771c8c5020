//! The contract, in turns with the servers.

use std::fmt;
use std::sync::Arc;

use super::config::{MemcachedBuilder, MemcachedConfig};
use super::item::Found;
use super::store::{Fetched, Place, Store};
use crate::backend::{Backend, BackendInfo, Lookup, TimeLeft};
use crate::clock::{Clock, Moment};
use crate::codec::Opened;
use crate::entry::{Entry, ValueType};
use crate::error::{ErrorKind, Operation, Result};
use crate::fence::Fence;
use crate::key::{Key, Namespace};
use crate::stats::Stats;

/// Entries on one or several Memcached servers, which other processes may share; clones share the store.
///
/// **What is stored.** Under `namespace/key`, or under `%~` and a digest of both where that is longer than
/// 200 bytes or has blanks, control or non-ASCII characters in it, one item: the number of its namespace's
/// generation, and the entry in an envelope (a line that people can read with the full key, times, type and
/// checksum; then the payload by the backend's codec). What stands there and is no such item, or the entry of
/// another key, is a miss. An item that is longer than
/// [`max_item_bytes`](MemcachedConfig::max_item_bytes), or than the server takes, is
/// [`TooLarge`](crate::ErrorKind::TooLarge), and nothing is left under its key.
///
/// **Round trips.** One for `get`, `set`, `delete`, `exists` and `ttl`, and one to each server that is
/// concerned, all at the same time, for the `*_many` (for each 1,000 keys that are read, and for each 500
/// keys or 1 MiB that are written). Look-ups of several callers that come while others are under way go together, up
/// to 128 keys of them in one turn, and up to some 256 KiB by what the last answers had. A `set` takes a second
/// one when another process has cleared the namespace, or is the first to have stored in it, since this one last
/// saw it. `exists` and `ttl` transfer the value too. `Ok` from `set` means that the server has the value, and that a reader finds it.
///
/// **Clearing.** On each server the item `%generation/namespace` has a random number, which comes along with
/// every look-up; entries that were stored under another are misses. `clear` deletes that item and nothing else,
/// and the next `set` makes a new number; the memory comes back as the servers evict. Should a server evict the
/// number itself, its namespace is empty there; old entries never come back. `purge_expired` has nothing to do.
///
/// **Several servers.** Each key is on the server that comes next on a ring of 160 places for each address, so
/// adding or removing one of n servers moves about 1/n of the keys. A server that is away makes operations on
/// its keys fail; no other takes its place.
///
/// **Times.** An entry's end stands in its envelope to the millisecond, by the wall clock of the process that
/// stored it; the server itself drops it some seconds later. Without any ttl an entry is kept for 30 days. A
/// server forgets everything when it is restarted.
///
/// **Errors.** A server that cannot be reached, breaks off or is full is
/// [`Unavailable`](crate::ErrorKind::Unavailable); what takes longer than
/// [`timeout`](MemcachedConfig::timeout) is [`Timeout`](crate::ErrorKind::Timeout), and its connection is
/// closed, where it is not used for others too. So is what waits for a free connection for three quarters of that time.
/// The protocol has no encryption and no passwords here: the servers belong in a private network.
///
/// Works from any runtime and from none. `stats` is what this backend counted; no server is asked.
///
/// ```no_run
/// use std::time::Duration;
/// use cachestack_backends::MemcachedBackend;
///
/// # async fn example() -> cachestack_backends::Result<()> {
/// let one = MemcachedBackend::connect("localhost").await?;
/// let several = MemcachedBackend::builder("10.0.0.1,10.0.0.2:11212")
///     .namespace("shop")
///     .ttl(Duration::from_secs(3600))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemcachedBackend(pub(super) Arc<Store>);

impl MemcachedBackend {
    /// The store that `config` describes. Nothing is connected to before the first operation.
    ///
    /// # Errors
    /// As [`MemcachedBuilder::build`].
    pub fn new(config: MemcachedConfig) -> Result<Self> {
        MemcachedBuilder::from_config(config).build()
    }

    /// Starts with entries by postcard that are kept for 30 days, on the servers of that list:
    /// `host:port`, `[::1]:11211`, `unix:///path/to.sock`, or a host alone for port 11211, with commas between
    /// them. `memcached://` may stand in front.
    pub fn builder(servers: impl Into<String>) -> MemcachedBuilder {
        MemcachedBuilder::from_config(MemcachedConfig::new([servers]))
    }

    /// The store on the servers of that list, with everything else at its default, after each has answered
    /// once. A server that does not answer within a second is traced and is no error: the application can start
    /// while its cache is down.
    ///
    /// # Errors
    /// As [`MemcachedBuilder::build`], and [`Config`](ErrorKind::Config) when what answers is not a Memcached
    /// server, or wants a password; [`Unsupported`](ErrorKind::Unsupported) on the library's own I/O thread.
    pub async fn connect(servers: impl Into<String>) -> Result<Self> {
        let backend = Self::builder(servers).build()?;
        let refused = backend.0.greet().await;
        let refused = refused.map_err(|error| error.at("memcached", Operation::Open));
        match refused {
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
                tracing::warn!(target: "cachestack", %error, "a server does not answer yet");
                Ok(backend)
            }
            refused => refused.map(|()| backend),
        }
    }

    fn open(
        &self,
        fetched: &Fetched,
        place: &Place,
        value_type: &'static ValueType,
        asked: Moment,
    ) -> Lookup {
        let entries = &self.0.entries;
        match fetched.at(place) {
            Found::Entry(envelope) => {
                entries.open(&place.key, envelope, value_type, asked, TimeLeft::Unknown)
            }
            Found::Nothing => Lookup::Miss,
            Found::Foreign => {
                entries.report.counters.corrupt.add(1);
                Lookup::Miss
            }
        }
    }

    /// How long the entry of a key will still be there.
    async fn left(&self, key: &Key) -> Result<TimeLeft> {
        let fetched = self.0.fetch([key]).await?;
        let now = self.0.entries.clock.wall();
        let place = fetched.places.first();
        let opened = place.and_then(|place| match fetched.at(place) {
            Found::Entry(envelope) => {
                let opened = Opened::parse(envelope).ok()?;
                opened.check(&place.key, now).ok().map(|()| opened)
            }
            Found::Nothing | Found::Foreign => None,
        });
        Ok(match opened.map(|it| it.expires()) {
            None => TimeLeft::Missing,
            Some(None) => TimeLeft::Unlimited,
            Some(Some(end)) => TimeLeft::Left(end.duration_since(now).unwrap_or_default()),
        })
    }

    async fn look_up(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        let asked = self.0.entries.clock.now();
        let fetched = self.0.fetch(keys.iter().map(|(key, _)| key)).await?;
        let places = fetched.places.iter().zip(keys);
        let found =
            places.map(|(place, (_, value_type))| self.open(&fetched, place, value_type, asked));
        Ok(found.collect())
    }
}

impl Backend for MemcachedBackend {
    fn info(&self) -> BackendInfo {
        self.0.entries.info()
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let found = self.look_up(&[(key.clone(), value_type)]).await;
        let found = found.map(|mut found| found.pop().unwrap_or(Lookup::Miss));
        let entries = &self.0.entries;
        let found = entries.outcome(Operation::Get, Some(key), found, || Lookup::Miss)?;
        entries.count(value_type, &found);
        Ok(found)
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        let written = self.0.write(vec![(key.clone(), Some(entry))]).await;
        let entries = &self.0.entries;
        entries
            .report
            .counters
            .writes
            .add(u64::from(written.is_ok()));
        entries.outcome(Operation::Set, Some(key), written, || ())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let entries = &self.0.entries;
        entries.report.counters.deletes.add(1);
        let deleted = self.0.write(vec![(key.clone(), None)]).await;
        entries.outcome(Operation::Delete, Some(key), deleted, || ())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let left = self.left(key).await;
        let exists = left.map(|left| left != TimeLeft::Missing);
        let entries = &self.0.entries;
        entries.outcome(Operation::Exists, Some(key), exists, || false)
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let cleared = self.0.clear(namespace).await;
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
        let found = self.look_up(keys).await;
        let missed = || keys.iter().map(|_| Lookup::Miss).collect();
        let entries = &self.0.entries;
        let found = entries.outcome(Operation::Get, None, found, missed)?;
        entries.count_all(keys, &found);
        Ok(found)
    }

    async fn set_many(&self, many: Vec<(Key, Entry)>) -> Result<()> {
        let count = many.len() as u64;
        if count == 0 {
            return Ok(());
        }
        let many = many.into_iter().map(|(key, entry)| (key, Some(entry)));
        let written = self.0.write(many.collect()).await;
        let entries = &self.0.entries;
        if written.is_ok() {
            entries.report.counters.writes.add(count);
        }
        entries.outcome(Operation::Set, None, written, || ())
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let entries = &self.0.entries;
        entries.report.counters.deletes.add(keys.len() as u64);
        let keys = keys.iter().map(|key| (key.clone(), None));
        let deleted = self.0.write(keys.collect()).await;
        entries.outcome(Operation::Delete, None, deleted, || ())
    }

    /// Always 0: the servers free what has ended.
    async fn purge_expired(&self, _: &Namespace) -> Result<u64> {
        Ok(0)
    }

    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        let left = self.left(key).await;
        let entries = &self.0.entries;
        entries.outcome(Operation::Ttl, Some(key), left, || TimeLeft::Missing)
    }

    /// Waits for what is under way, at most as long as one operation may take, and closes the connections. Later
    /// operations answer [`Closed`](ErrorKind::Closed).
    async fn close(&self) -> Result<()> {
        self.0.close().await;
        Ok(())
    }

    fn fence(&self) -> Option<Fence> {
        Some(self.0.fence.clone())
    }
    fn clock(&self) -> Option<Clock> {
        Some(self.0.entries.clock.clone())
    }
}

impl fmt::Debug for MemcachedBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemcachedBackend")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}
