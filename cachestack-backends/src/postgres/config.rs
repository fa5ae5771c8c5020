//! The settings of a PostgreSQL store.

use std::time::Duration;

use serde::Deserialize;

use super::PostgresBackend;
use super::address::Address;
use super::name::TableName;
use crate::clock::Clock;
use crate::codec::Codec;
use crate::duration;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::key::Namespace;
use crate::network::{Dsn, check_times, defaults};

/// The settings of a [`PostgresBackend`] as plain data, to be filled from a configuration file.
///
/// ```
/// use cachestack_backends::{PostgresBackend, PostgresConfig};
///
/// let mut config = PostgresConfig::new("postgresql://app:secret@db.internal/shop");
/// config.table = String::from("caching.entries");
/// let store = PostgresBackend::new(config)?;
/// # Ok::<(), cachestack_backends::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PostgresConfig {
    /// The server: `postgresql://user:password@host:5432/database`, or with a socket's folder
    /// `postgresql://user@/database?host=/var/run/postgresql`; see [`PostgresBackend::builder`].
    pub dsn: Dsn,
    /// The table: `table`, or `schema.table`. Each part is taken as it is written, upper case and blanks
    /// too; one with a dot in it is written in double quotes, in which a double quote is written twice. Default:
    /// `cachestack`.
    #[serde(default = "default_table")]
    pub table: String,
    /// Whether the table, when it is made, is one that PostgreSQL keeps no log of: writes are faster, a crash of the
    /// server empties it, and standbys do not have it. A table that is there stays as it is. Default: yes.
    #[serde(default = "default_unlogged")]
    pub unlogged: bool,
    /// How many connections stay open while nothing happens. Default: 0.
    #[serde(default)]
    pub min_pool_size: u32,
    /// How many connections may be open at once, at least 1. Default: 8.
    #[serde(default = "default_max_pool_size")]
    pub max_pool_size: u32,
    /// How long one operation on keys may take, connecting included. In a file: seconds, or a text such as `"250ms"`.
    /// Default: 500 ms.
    #[serde(
        default = "defaults::timeout",
        deserialize_with = "defaults::timeout_or"
    )]
    pub timeout: Duration,
    /// How long opening a connection, or waiting for one, may take. Default: 1 s.
    #[serde(
        default = "defaults::connect_timeout",
        deserialize_with = "defaults::connect_timeout_or"
    )]
    pub connect_timeout: Duration,
    /// Whether a pooler stands between that gives each transaction another session, such as PgBouncer in its
    /// transaction mode. Each operation is a transaction of its own then, and nothing is prepared: four turns instead
    /// of one. Default: no.
    #[serde(default)]
    pub pgbouncer: bool,
    /// How often what has ended in this backend's namespace, and in those inside it (`shop` and `shop:eu`), is freed in
    /// the background, from the first operation on. Default: never; ended entries are misses all the same, and
    /// `purge_expired` frees them.
    #[serde(default, with = "duration::optional")]
    pub auto_purge_interval: Option<Duration>,
    /// The codec of the payloads. In a file: `"postcard"`, `"json"` or `"msgpack"`, as far as their features are
    /// enabled. Default: postcard.
    #[serde(default)]
    pub serializer: Codec,
    /// How long an entry is kept that is set without an end. In a file: seconds, or a text such as `"1h 30m"`. Default:
    /// `max_ttl`.
    #[serde(default, with = "duration::optional")]
    pub ttl: Option<Duration>,
    /// The longest any entry is kept. Default: 30 days, so that the table does not grow for ever.
    #[serde(
        default = "defaults::max_ttl",
        deserialize_with = "defaults::max_ttl_or"
    )]
    pub max_ttl: Duration,
    /// Stands in front of every key's own namespace. Default: none.
    #[serde(default)]
    pub namespace: String,
    /// Whether failures are only counted, and the operation does as if nothing were there. Default: no.
    #[serde(default)]
    pub silent: bool,
}

impl PostgresConfig {
    /// Entries on that server, everything else at its default.
    pub fn new(dsn: impl Into<Dsn>) -> Self {
        Self {
            dsn: dsn.into(),
            table: default_table(),
            unlogged: default_unlogged(),
            min_pool_size: 0,
            max_pool_size: default_max_pool_size(),
            timeout: defaults::timeout(),
            connect_timeout: defaults::connect_timeout(),
            pgbouncer: false,
            auto_purge_interval: None,
            serializer: Codec::default(),
            ttl: None,
            max_ttl: defaults::max_ttl(),
            namespace: String::new(),
            silent: false,
        }
    }
}

fn default_table() -> String {
    String::from("cachestack")
}

fn default_unlogged() -> bool {
    true
}

fn default_max_pool_size() -> u32 {
    8
}

/// Builds a [`PostgresBackend`]; see [`PostgresBackend::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct PostgresBuilder {
    pub(super) config: PostgresConfig,
    pub(super) clock: Option<Clock>,
}

/// The settings, read and found valid.
pub(super) struct Checked {
    pub(super) config: PostgresConfig,
    pub(super) clock: Clock,
    pub(super) table: TableName,
    pub(super) address: Address,
}

impl PostgresBuilder {
    pub(super) fn from_config(config: PostgresConfig) -> Self {
        Self {
            config,
            clock: None,
        }
    }

    /// The table: `table`, or `schema.table`; see [`PostgresConfig::table`]. Default: `cachestack`.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.config.table = table.into();
        self
    }

    /// Whether the table, when it is made, is one that a crash of the server empties. Default: yes.
    pub fn unlogged(mut self, unlogged: bool) -> Self {
        self.config.unlogged = unlogged;
        self
    }

    /// How many connections stay open while nothing happens, at most `max_pool_size`. Default: 0.
    pub fn min_pool_size(mut self, min_pool_size: u32) -> Self {
        self.config.min_pool_size = min_pool_size;
        self
    }

    /// How many connections may be open at once, at least 1. Default: 8.
    pub fn max_pool_size(mut self, max_pool_size: u32) -> Self {
        self.config.max_pool_size = max_pool_size;
        self
    }

    /// How long one operation on keys may take, connecting included. Default: 500 ms.
    ///
    /// The server is told too, as its `statement_timeout`, unless the address sets one.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// How long opening a connection, or waiting for one, may take. Default: 1 s.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.config.connect_timeout = connect_timeout;
        self
    }

    /// Whether a pooler stands between that gives each transaction another session. Default: no.
    pub fn pgbouncer(mut self, pgbouncer: bool) -> Self {
        self.config.pgbouncer = pgbouncer;
        self
    }

    /// How often what has ended in this backend's namespace, and in those inside it, is freed in the background.
    /// Default: never.
    pub fn auto_purge_interval(mut self, auto_purge_interval: Duration) -> Self {
        self.config.auto_purge_interval = Some(auto_purge_interval);
        self
    }

    /// The codec of the payloads. Default: [`Codec::Postcard`].
    pub fn serializer(mut self, serializer: Codec) -> Self {
        self.config.serializer = serializer;
        self
    }

    /// How long an entry is kept that is set without an end. Default: `max_ttl`.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.config.ttl = Some(ttl);
        self
    }

    /// The longest any entry is kept. Default: 30 days; [`Duration::MAX`] is no limit.
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.config.max_ttl = max_ttl;
        self
    }

    /// Stands in front of every key's own namespace. Default: none.
    pub fn namespace(mut self, namespace: impl Into<Namespace>) -> Self {
        self.config.namespace = namespace.into().as_str().to_owned();
        self
    }

    /// Whether failures are only counted, and the operation does as if nothing were there. Default: no.
    pub fn silent(mut self, silent: bool) -> Self {
        self.config.silent = silent;
        self
    }

    /// The clock that entries' times are taken from until they reach the server. Default: the one
    /// of the stack or cache it is a layer of.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes the store. Nothing is connected until the first operation.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when a setting is wrong.
    pub fn build(self) -> Result<PostgresBackend> {
        self.check()
            .map(PostgresBackend::open)
            .map_err(|error| error.at("postgres", Operation::Open))
    }

    /// Makes the store, connects, and makes or checks the table, for which it waits `connect_timeout` at most.
    ///
    /// A server that cannot be reached, or that is slow, is traced and no error: an application starts while its cache
    /// is down.
    ///
    /// # Errors
    /// As [`build`](Self::build); [`Config`](ErrorKind::Config) too when the server refuses the user, the password or
    /// the database, or when the table is another than this store's.
    pub async fn connect(self) -> Result<PostgresBackend> {
        let backend = self.build()?;
        let prepared = backend.prepare().await;
        match prepared {
            Ok(()) => Ok(backend),
            Err(error) => {
                let error = error.at("postgres", Operation::Open);
                match error.kind() {
                    ErrorKind::Config => Err(error),
                    _ => {
                        tracing::warn!(target: "cachestack", %error, "opened without its server");
                        Ok(backend)
                    }
                }
            }
        }
    }

    fn check(self) -> Result<Checked> {
        let config = self.config;
        check_times([
            ("ttl", config.ttl),
            ("max_ttl", Some(config.max_ttl)),
            ("timeout", Some(config.timeout)),
            ("connect_timeout", Some(config.connect_timeout)),
            ("auto_purge_interval", config.auto_purge_interval),
        ])?;
        check_pool(config.min_pool_size, config.max_pool_size)?;
        Ok(Checked {
            table: TableName::parse(&config.table)?,
            address: Address::parse(&config)?,
            clock: self.clock.unwrap_or_else(Clock::open),
            config,
        })
    }
}

fn check_pool(min: u32, max: u32) -> Result<()> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Config, message));
    if max == 0 {
        return wrong("max_pool_size is 0, it must be at least 1".into());
    }
    if min > max {
        return wrong(format!(
            "min_pool_size is {min}, it must be at most max_pool_size, which is {max}"
        ));
    }
    Ok(())
}
