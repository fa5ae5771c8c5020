//! The settings of a file store.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::FileBackend;
use crate::clock::Clock;
use crate::codec::Codec;
use crate::duration;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::key::Namespace;

/// The settings of a [`FileBackend`] as plain data, to be filled from a configuration file.
///
/// ```
/// use cachestack_backends::{FileBackend, FileConfig};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cache");
/// let mut config = FileConfig::new(path);
/// config.max_bytes = Some(512 << 20);
/// let files = FileBackend::new(config)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileConfig {
    /// The folder that the entries are kept in. It is made when it is not there, and a relative one is
    /// resolved when the store is built. Several processes and backends may share it.
    pub directory: PathBuf,
    /// The codec of the payloads. In a file: `"postcard"`, `"json"` or `"msgpack"`, as far as their
    /// features are enabled. Default: postcard.
    #[serde(default)]
    pub serializer: Codec,
    /// How long an entry is kept that is set without an end. In a file: seconds, or a text such as
    /// `"1h 30m"`. Default: `max_ttl`.
    #[serde(default, with = "duration::optional")]
    pub ttl: Option<Duration>,
    /// The longest any entry is kept. Default: 30 days, so that a folder does not grow for ever.
    #[serde(default = "thirty_days", deserialize_with = "thirty_days_or")]
    pub max_ttl: Duration,
    /// Stands in front of every key's own namespace. Default: none.
    #[serde(default)]
    pub namespace: String,
    /// Whether failures are only counted, and the operation does as if nothing were there. Default: no.
    #[serde(default)]
    pub silent: bool,
    /// How often a write also frees, in the background, what has ended in this backend's namespace and in
    /// those inside it (`shop` and `shop:eu`). Default: never; ended entries are misses all the same, and
    /// are freed when their key is asked for or by `purge_expired`.
    #[serde(default, with = "duration::optional")]
    pub auto_purge_interval: Option<Duration>,
    /// How many bytes the entries of all namespaces under `directory` may take together. Beyond it, those
    /// written longest ago go until it is less than 90 %; an entry that is larger by itself is
    /// [`TooLarge`](ErrorKind::TooLarge). Default: no limit.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// Whether a value is forced to the disk before it takes its place. Without it a power cut can lose or
    /// tear what was written last, which is then a miss. Default: no.
    #[serde(default)]
    pub sync: bool,
}

impl FileConfig {
    /// Entries in that folder, everything else at its default.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            serializer: Codec::default(),
            ttl: None,
            max_ttl: thirty_days(),
            namespace: String::new(),
            silent: false,
            auto_purge_interval: None,
            max_bytes: None,
            sync: false,
        }
    }
}

fn thirty_days() -> Duration {
    Duration::from_secs(30 * 24 * 60 * 60)
}

fn thirty_days_or<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Ok(duration::optional::deserialize(deserializer)?.unwrap_or_else(thirty_days))
}

/// Builds a [`FileBackend`]; see [`FileBackend::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct FileBuilder {
    pub(super) config: FileConfig,
    pub(super) clock: Option<Clock>,
}

impl FileBuilder {
    pub(super) fn from_config(config: FileConfig) -> Self {
        Self {
            config,
            clock: None,
        }
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

    /// How often a write also frees, in the background, what has ended in this backend's namespace and in
    /// those inside it. Default: never.
    pub fn auto_purge_interval(mut self, auto_purge_interval: Duration) -> Self {
        self.config.auto_purge_interval = Some(auto_purge_interval);
        self
    }

    /// How many bytes the entries of all namespaces under the directory may take together. Default: no
    /// limit.
    ///
    /// The write that passes the limit lists the whole folder and removes what was written longest ago.
    /// What other processes write is seen each time this one has written a tenth of the limit.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.config.max_bytes = Some(max_bytes);
        self
    }

    /// Whether a value is forced to the disk before it takes its place. Default: no.
    pub fn sync(mut self, sync: bool) -> Self {
        self.config.sync = sync;
        self
    }

    /// The clock entries live by. Default: the one of the stack or cache it is a layer of.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes the directory (readable by this user alone, where it is new) and the store.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when a time or `max_bytes` is zero, or the directory is empty or not
    /// a folder; [`Unavailable`](ErrorKind::Unavailable) when it cannot be made.
    pub fn build(self) -> Result<FileBackend> {
        self.check()
            .and_then(|()| FileBackend::open(self))
            .map_err(|error| error.at("file", Operation::Open))
    }

    fn check(&self) -> Result<()> {
        let config = &self.config;
        if config.directory.as_os_str().is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "directory is empty, it must name a folder",
            ));
        }
        if config.max_bytes == Some(0) {
            return Err(Error::new(
                ErrorKind::Config,
                "max_bytes is 0, it must be at least 1; leave it out for no limit",
            ));
        }
        duration::check_not_zero("ttl", config.ttl)?;
        duration::check_not_zero("max_ttl", Some(config.max_ttl))?;
        duration::check_not_zero("auto_purge_interval", config.auto_purge_interval)
    }
}
