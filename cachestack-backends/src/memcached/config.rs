//! The settings of a Memcached store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::MemcachedBackend;
use super::address::{parse_all, shown};
use super::node::Node;
use super::pool::Pool;
use super::ring::Ring;
use super::store::{Nodes, Store};
use crate::clock::Clock;
use crate::codec::Codec;
use crate::duration;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::fence::Fence;
use crate::key::Namespace;
use crate::network::{Calls, Entries, Limits, check_times, defaults};

/// How much longer than an entry may be what is read, in bytes: others may count otherwise.
const READ_SLACK: usize = 4 << 10;
/// How many operations may be under way at once, those that wait for a connection included.
const IN_FLIGHT: usize = 1024;
const POOL_SIZES: std::ops::RangeInclusive<usize> = 1..=1024;
/// What servers can be started with.
const ITEM_SIZES: std::ops::RangeInclusive<usize> = 1 << 10..=1 << 30;

/// The settings of a [`MemcachedBackend`] as plain data, to be filled from a configuration file.
///
/// ```
/// use cachestack_backends::{MemcachedBackend, MemcachedConfig};
///
/// let mut config = MemcachedConfig::new(["10.0.0.1", "10.0.0.2:11212"]);
/// config.namespace = "shop".into();
/// let cache = MemcachedBackend::new(config)?;
/// # Ok::<(), cachestack_backends::Error>(())
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MemcachedConfig {
    /// The servers, which share the keys among them: `host:port`, `[::1]:11211`, `unix:///path/to.sock`, or a
    /// host alone for port 11211. Each text may also be a list with commas, or `memcached://a:1,b:2`. In a
    /// file: a list, or one text. All processes must name the same servers alike; the order does not matter.
    #[serde(deserialize_with = "one_or_more")]
    pub servers: Vec<String>,
    /// The codec of the payloads. In a file: `"postcard"`, `"json"` or `"msgpack"`, as far as their
    /// features are enabled. Default: postcard.
    #[serde(default)]
    pub serializer: Codec,
    /// How long an entry is kept that is set without an end. In a file: seconds, or a text such as
    /// `"1h 30m"`. Default: `max_ttl`.
    #[serde(default, with = "duration::optional")]
    pub ttl: Option<Duration>,
    /// The longest any entry is kept. Default: 30 days.
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
    /// How long one operation may take, connecting included. Default: 500 ms.
    #[serde(
        default = "defaults::timeout",
        deserialize_with = "defaults::timeout_or"
    )]
    pub timeout: Duration,
    /// How long opening a connection may take, and how long [`MemcachedBackend::connect`] waits. An operation
    /// that needs a connection still ends at `timeout`. Default: 1 s.
    #[serde(
        default = "defaults::connect_timeout",
        deserialize_with = "defaults::connect_timeout_or"
    )]
    pub connect_timeout: Duration,
    /// How many connections to each server there may be, from 1 to 1024. They are opened when they are needed.
    /// Default: 16.
    #[serde(default = "sixteen")]
    pub pool_size: usize,
    /// The longest an entry may be, in bytes, with its key and about 250 bytes that are stored beside the value;
    /// from 1 KiB to 1 GiB. To be set as the servers' `-I` is, where that is not at its default. Default:
    /// 1 MiB, which is theirs.
    #[serde(default = "one_mib")]
    pub max_item_bytes: usize,
}

impl MemcachedConfig {
    /// Entries on those servers, everything else at its default.
    pub fn new<S: Into<String>>(servers: impl IntoIterator<Item = S>) -> Self {
        Self {
            servers: servers.into_iter().map(Into::into).collect(),
            serializer: Codec::default(),
            ttl: None,
            max_ttl: defaults::max_ttl(),
            namespace: String::new(),
            silent: false,
            timeout: defaults::timeout(),
            connect_timeout: defaults::connect_timeout(),
            pool_size: sixteen(),
            max_item_bytes: one_mib(),
        }
    }
}

fn sixteen() -> usize {
    16
}

fn one_mib() -> usize {
    1 << 20
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a server's address, or a list of them")]
    enum Servers {
        One(String),
        More(Vec<String>),
    }
    Ok(match Servers::deserialize(from)? {
        Servers::One(server) => vec![server],
        Servers::More(servers) => servers,
    })
}

/// A password that somebody wrote into an address does not show.
impl fmt::Debug for MemcachedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.servers.iter().map(|it| shown(it)).collect();
        f.debug_struct("MemcachedConfig")
            .field("servers", &servers)
            .field("serializer", &self.serializer)
            .field("ttl", &self.ttl)
            .field("max_ttl", &self.max_ttl)
            .field("namespace", &self.namespace)
            .field("silent", &self.silent)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("pool_size", &self.pool_size)
            .field("max_item_bytes", &self.max_item_bytes)
            .finish()
    }
}

/// Builds a [`MemcachedBackend`]; see [`MemcachedBackend::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct MemcachedBuilder {
    config: MemcachedConfig,
    clock: Option<Clock>,
}

impl MemcachedBuilder {
    pub(super) fn from_config(config: MemcachedConfig) -> Self {
        Self {
            config,
            clock: None,
        }
    }

    /// One more server, or several as a list with commas.
    pub fn server(mut self, server: impl Into<String>) -> Self {
        self.config.servers.push(server.into());
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

    /// How long one operation may take, connecting included. Default: 500 ms.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// How long opening a connection may take, and how long [`MemcachedBackend::connect`] waits. Default: 1 s.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.config.connect_timeout = connect_timeout;
        self
    }

    /// How many connections to each server there may be, from 1 to 1024. Default: 16.
    pub fn pool_size(mut self, pool_size: usize) -> Self {
        self.config.pool_size = pool_size;
        self
    }

    /// The longest an entry may be, in bytes, from 1 KiB to 1 GiB. Default: 1 MiB.
    pub fn max_item_bytes(mut self, max_item_bytes: usize) -> Self {
        self.config.max_item_bytes = max_item_bytes;
        self
    }

    /// The clock entries live by. Default: the one of the stack or cache it is a layer of.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes the store. Nothing is connected to before the first operation.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when an address or a number is wrong, or a time is zero.
    pub fn build(self) -> Result<MemcachedBackend> {
        self.open()
            .map(|store| MemcachedBackend(Arc::new(store)))
            .map_err(|error| error.at("memcached", Operation::Open))
    }

    fn open(self) -> Result<Store> {
        let config = self.config;
        let servers = parse_all(&config.servers)?;
        check_times([
            ("ttl", config.ttl),
            ("max_ttl", Some(config.max_ttl)),
            ("timeout", Some(config.timeout)),
            ("connect_timeout", Some(config.connect_timeout)),
        ])?;
        check_range("pool_size", config.pool_size, POOL_SIZES)?;
        check_range("max_item_bytes", config.max_item_bytes, ITEM_SIZES)?;
        let limits = Limits {
            timeout: config.timeout,
            in_flight: IN_FLIGHT,
        };
        let ring = Ring::new(&servers);
        let longest_value = (config.max_item_bytes + READ_SLACK) as u64;
        let is_alone = servers.len() == 1;
        let times = [config.timeout, config.connect_timeout];
        let nodes = servers.into_iter().map(|server| {
            let size = config.pool_size;
            let pool = Pool::new(server, size, times, longest_value).alone(is_alone);
            Arc::new(Node::new(pool, config.timeout))
        });
        Ok(Store {
            entries: Entries {
                codec: config.serializer.clone(),
                clock: self.clock.unwrap_or_else(Clock::open),
                namespace: Namespace::new(&config.namespace),
                ttl: config.ttl,
                max_ttl: config.max_ttl,
                ..Entries::new("memcached", config.silent)
            },
            calls: Calls::new(limits),
            fence: Fence::new(),
            nodes: Arc::new(Nodes {
                ring,
                nodes: nodes.collect(),
            }),
            config,
        })
    }
}

fn check_range(name: &str, value: usize, range: std::ops::RangeInclusive<usize>) -> Result<()> {
    match range.contains(&value) {
        true => Ok(()),
        false => {
            let (least, most) = range.into_inner();
            let message = format!("{name} is {value}, it must be from {least} to {most}");
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}
