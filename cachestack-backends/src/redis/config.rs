//! The settings of a Redis store.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::RedisBackend;
use super::setup::Setup;
use crate::clock::Clock;
use crate::codec::Codec;
use crate::duration;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::key::Namespace;
use crate::network::{Dsn, check_times, defaults};

/// The most connections one backend may have.
const MOST_CONNECTIONS: usize = 64;

/// The settings of a [`RedisBackend`] as plain data, to be filled from a configuration file.
///
/// ```
/// use std::time::Duration;
/// use cachestack_backends::{RedisBackend, RedisConfig};
///
/// let mut config = RedisConfig::new("redis://127.0.0.1:6379/0");
/// config.ttl = Some(Duration::from_secs(3600));
/// let redis = RedisBackend::new(config)?;
/// # Ok::<(), cachestack_backends::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RedisConfig {
    /// Where the server is; [`RedisBackend`] lists the forms.
    pub dsn: Dsn,
    /// How many connections are kept to each server, from 1 to 64. Operations share them, so that one
    /// carries any number at once; more help where large values would hold up small ones. Default: 1.
    #[serde(default = "one")]
    pub pool_size: usize,
    /// How long one operation may take, waiting included. In a file: seconds, or a text such as
    /// `"250ms"`. Default: 500 ms.
    #[serde(
        default = "defaults::timeout",
        deserialize_with = "defaults::timeout_or"
    )]
    pub timeout: Duration,
    /// How long each step of opening a connection may take. Default: 1 s.
    #[serde(
        default = "defaults::connect_timeout",
        deserialize_with = "defaults::connect_timeout_or"
    )]
    pub connect_timeout: Duration,
    /// A PEM file with the certificates of the authorities that a server's certificate may come from.
    /// Default: those that the system trusts. For addresses with TLS only.
    #[serde(default)]
    pub tls_roots: Option<PathBuf>,
    /// The codec of the payloads. In a file: `"postcard"`, `"json"` or `"msgpack"`, as far as their
    /// features are enabled. Default: postcard.
    #[serde(default)]
    pub serializer: Codec,
    /// How long an entry is kept that is set without an end. In a file: seconds, or a text such as
    /// `"1h 30m"`. Default: `max_ttl`.
    #[serde(default, with = "duration::optional")]
    pub ttl: Option<Duration>,
    /// The longest any entry is kept. Default: 30 days, so that a server does not fill up for ever.
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

fn one() -> usize {
    1
}

impl RedisConfig {
    /// Entries on that server, everything else at its default.
    pub fn new(dsn: impl Into<Dsn>) -> Self {
        Self {
            dsn: dsn.into(),
            pool_size: one(),
            timeout: defaults::timeout(),
            connect_timeout: defaults::connect_timeout(),
            tls_roots: None,
            serializer: Codec::default(),
            ttl: None,
            max_ttl: defaults::max_ttl(),
            namespace: String::new(),
            silent: false,
        }
    }
}

/// Builds a [`RedisBackend`]; see [`RedisBackend::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct RedisBuilder {
    pub(super) config: RedisConfig,
    pub(super) clock: Option<Clock>,
}

impl RedisBuilder {
    pub(super) fn from_config(config: RedisConfig) -> Self {
        Self {
            config,
            clock: None,
        }
    }

    /// How many connections are kept to each server, from 1 to 64. Default: 1, which carries any number of
    /// operations at once.
    pub fn pool_size(mut self, pool_size: usize) -> Self {
        self.config.pool_size = pool_size;
        self
    }

    /// How long one operation may take, waiting included. Default: 500 ms.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// How long each step of opening a connection may take. Default: 1 s.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.config.connect_timeout = connect_timeout;
        self
    }

    /// A PEM file with the certificates of the authorities that a server's certificate may come from; it is
    /// read by [`build`](Self::build). Default: those that the system trusts.
    pub fn tls_roots(mut self, file: impl Into<PathBuf>) -> Self {
        self.config.tls_roots = Some(file.into());
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

    /// The clock entries live by in this process; the server frees them by its own. Default:
    /// the one of the stack or cache it is a layer of.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Checks the settings and makes the store. Nothing is connected yet: the first operation does that.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when a setting is wrong: the address, a time of zero, the number of
    /// connections, a file of certificates that cannot be read.
    pub fn build(self) -> Result<RedisBackend> {
        self.check()
            .map(|setup| RedisBackend::of(self, setup))
            .map_err(|error| error.at(super::store::NAME, Operation::Open))
    }

    fn check(&self) -> Result<Setup> {
        let config = &self.config;
        check_times([
            ("ttl", config.ttl),
            ("max_ttl", Some(config.max_ttl)),
            ("timeout", Some(config.timeout)),
            ("connect_timeout", Some(config.connect_timeout)),
        ])?;
        if !(1..=MOST_CONNECTIONS).contains(&config.pool_size) {
            let message = format!(
                "pool_size is {}, it must be from 1 to {MOST_CONNECTIONS}",
                config.pool_size
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        Setup::of(config)
    }
}
