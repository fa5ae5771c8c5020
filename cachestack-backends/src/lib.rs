#![doc = include_str!("../README.md")]

mod backend;
mod changes;
mod clock;
mod codec;
#[doc(hidden)]
pub mod duration;
mod entry;
mod error;
mod fence;
#[cfg(feature = "file")]
mod file;
mod fingerprint;
mod generation;
mod key;
#[cfg(feature = "memcached")]
mod memcached;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "network")]
mod network;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[doc(hidden)]
pub mod runtime;
mod stats;
mod sync;
#[doc(hidden)]
pub mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod tiered;

pub use crate::backend::{AnyBackend, Backend, BackendInfo, Lookup, TimeLeft};
#[doc(hidden)]
pub use crate::changes::{Changes, Mark, Stamp};
pub use crate::clock::{Clock, Limit, Moment};
pub use crate::codec::{Codec, DecodeError, Opened, Rejected, Sealed, Serializer};
#[doc(hidden)]
pub use crate::entry::Seen;
pub use crate::entry::{Absent, AnyValue, CacheValue, Entry, Generation, ValueType};
pub use crate::error::{Error, ErrorKind, Operation, Result};
pub use crate::fence::{Epoch, Fence, FenceToken, WriteAllGuard, WriteGuard};
#[cfg(feature = "file")]
pub use crate::file::{FileBackend, FileBuilder, FileConfig};
pub use crate::fingerprint::{Fingerprint, Misfit, Traced, trace};
pub use crate::generation::Dependency;
#[doc(hidden)]
pub use crate::key::Head;
pub use crate::key::{Key, KeyDigest, KeyError, KeyText, KeyWriter, Namespace};
#[cfg(feature = "memcached")]
pub use crate::memcached::{MemcachedBackend, MemcachedBuilder, MemcachedConfig};
#[cfg(feature = "memory")]
pub use crate::memory::{EvictionPolicy, MemoryBackend, MemoryBuilder, MemoryConfig};
#[cfg(feature = "network")]
pub use crate::network::Dsn;
#[cfg(feature = "postgres")]
pub use crate::postgres::{PostgresBackend, PostgresBuilder, PostgresConfig};
#[cfg(feature = "redis")]
pub use crate::redis::{RedisBackend, RedisBuilder, RedisConfig};
pub use crate::stats::{Stats, Timings};
#[doc(hidden)]
pub use crate::stats::{Tally, TallyCell, Timer};
pub use crate::tiered::{
    Layer, LayerConfig, Passage, TieredBuilder, TieredCache, Watch, WriteStrategy,
};
