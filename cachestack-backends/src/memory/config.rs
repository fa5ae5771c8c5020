//! The settings of a memory store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::MemoryBackend;
use crate::clock::Clock;
use crate::duration;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::key::Key;

/// Which entry goes when there is no more room.
///
/// The order of `Lru`, `Lfu` and `Ttl` is strict in stores of fewer than 1,024 entries and in those with a
/// weight limit. A larger one is divided in 16 parts by the keys' digests, and the order is strict in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EvictionPolicy {
    /// Close to S3-FIFO: new entries must be read again to stay, so one scan does not wash out what is
    /// used. The best hit rate and the least work on a hit. The default.
    #[default]
    S3Fifo,
    /// The entry that was read or written longest ago.
    Lru,
    /// The entry that was read least often; among those, the one used longest ago.
    Lfu,
    /// The entry that ends first. Entries without an end go last.
    Ttl,
}

impl EvictionPolicy {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::S3Fifo => "s3_fifo",
            Self::Lru => "lru",
            Self::Lfu => "lfu",
            Self::Ttl => "ttl",
        }
    }
}

/// The settings of a [`MemoryBackend`] as plain data, to be filled from a configuration file.
///
/// ```
/// use cachestack_backends::{MemoryBackend, MemoryConfig};
///
/// let mut config = MemoryConfig::default();
/// config.max_entries = 500;
/// let memory = MemoryBackend::new(config)?;
/// # Ok::<(), cachestack_backends::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MemoryConfig {
    /// Which entry goes when there is no more room. Default: [`EvictionPolicy::S3Fifo`].
    pub policy: EvictionPolicy,
    /// How many entries are kept, at least 1. From 1,024 on the store is divided and each part has its share,
    /// so the last few percent may stay empty. Default: 10,000.
    pub max_entries: usize,
    /// How long an entry is kept that is set without an end. In a file: seconds, or a text such as
    /// `"1h 30m"`. Default: no end.
    #[serde(with = "duration::optional")]
    pub ttl: Option<Duration>,
    /// The longest any entry is kept. Default: no limit, but 30 s above a store that other processes
    /// write to.
    #[serde(with = "duration::optional")]
    pub max_ttl: Option<Duration>,
    /// How many entries of each type of value a thread keeps at hand, so that threads that hit the same ones do not meet
    /// in the store. With [`EvictionPolicy::S3Fifo`] only; what leaves the store is not at hand any more. A value of up to
    /// 64 bytes that needs no `Drop` is copied, to any other there is a pointer that does not keep it (of what it points
    /// at, up to 1 KiB stays allocated until its place is used again). Each takes 72 bytes, or 136 where the copied value
    /// has more than 16. As many again are kept of entries whose arguments, or whose key by a template, take 24 to 63
    /// bytes; each of those takes 136, or 200 where the copied value has more than 40. The store keeps 8 KiB for all of them,
    /// by which they see what changed. 0 is none. Default: 8,192.
    pub at_hand: usize,
    /// Whether failures are only counted, and the operation does as if nothing were there. Default: no.
    pub silent: bool,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            policy: EvictionPolicy::default(),
            max_entries: 10_000,
            ttl: None,
            max_ttl: None,
            at_hand: 8_192,
            silent: false,
        }
    }
}

/// Says how many bytes an entry counts for.
pub(super) type Weigher = Arc<dyn Fn(&Key, &Entry) -> u64 + Send + Sync>;

/// Builds a [`MemoryBackend`]; see [`MemoryBackend::builder`].
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct MemoryBuilder {
    pub(super) config: MemoryConfig,
    pub(super) weight: Option<(u64, Weigher)>,
    pub(super) clock: Option<Clock>,
}

impl MemoryBuilder {
    pub(super) fn from_config(config: MemoryConfig) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// Which entry goes when there is no more room. Default: [`EvictionPolicy::S3Fifo`].
    pub fn policy(mut self, policy: EvictionPolicy) -> Self {
        self.config.policy = policy;
        self
    }

    /// How many entries are kept, at least 1. Default: 10,000.
    pub fn max_entries(mut self, max_entries: usize) -> Self {
        self.config.max_entries = max_entries;
        self
    }

    /// How many entries of each type of value a thread keeps [at hand](MemoryConfig::at_hand). Default: 8,192.
    pub fn at_hand(mut self, entries: usize) -> Self {
        self.config.at_hand = entries;
        self
    }

    /// Limits the sum of what `weigher` says of each entry, beside their number. Default: no limit.
    ///
    /// The weigher is asked once, when the entry is set, while the key is locked: it must not use a cache. An entry that is heavier than the store can take
    /// is refused as [`TooLarge`](ErrorKind::TooLarge): with [`EvictionPolicy::S3Fifo`] that is 0.97 of
    /// the limit (an eighth of it from 256 MiB on, where the store is divided), else the whole.
    ///
    /// ```
    /// use cachestack_backends::MemoryBackend;
    ///
    /// let memory = MemoryBackend::builder()
    ///     .max_weight_bytes(64 << 20, |key, entry| {
    ///         let value = entry.value::<String>().map_or(64, String::len);
    ///         (key.text().len() + value) as u64
    ///     })
    ///     .build()?;
    /// # Ok::<(), cachestack_backends::Error>(())
    /// ```
    pub fn max_weight_bytes(
        mut self,
        max_weight_bytes: u64,
        weigher: impl Fn(&Key, &Entry) -> u64 + Send + Sync + 'static,
    ) -> Self {
        self.weight = Some((max_weight_bytes, Arc::new(weigher)));
        self
    }

    /// How long an entry is kept that is set without an end. Default: no end.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.config.ttl = Some(ttl);
        self
    }

    /// The longest any entry is kept. Default: no limit, but 30 s above a store that other processes
    /// write to.
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.config.max_ttl = Some(max_ttl);
        self
    }

    /// Whether failures are only counted, and the operation does as if nothing were there. Default: no.
    pub fn silent(mut self, silent: bool) -> Self {
        self.config.silent = silent;
        self
    }

    /// The clock entries live by. Default: the one of the stack or cache it is a layer of.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Makes the store.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when `max_entries` or the weight limit is 0, or a time is zero.
    pub fn build(self) -> Result<MemoryBackend> {
        self.check().map_err(|e| e.at("memory", Operation::Open))?;
        Ok(MemoryBackend::from_builder(self))
    }

    fn check(&self) -> Result<()> {
        if self.config.max_entries == 0 {
            return Err(Error::new(
                ErrorKind::Config,
                "max_entries is 0, it must be at least 1",
            ));
        }
        if self.weight.as_ref().is_some_and(|(most, _)| *most == 0) {
            return Err(Error::new(
                ErrorKind::Config,
                "max_weight_bytes is 0, it must be at least 1",
            ));
        }
        duration::check_not_zero("ttl", self.config.ttl)?;
        duration::check_not_zero("max_ttl", self.config.max_ttl)
    }
}

impl fmt::Debug for MemoryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBuilder")
            .field("config", &self.config)
            .field(
                "max_weight_bytes",
                &self.weight.as_ref().map(|(most, _)| most),
            )
            .field("clock", &self.clock)
            .finish()
    }
}
