#![doc = include_str!("../README.md")]

mod backend;
mod clock;
mod codec;
mod duration;
mod entry;
mod error;
mod fence;
#[cfg(feature = "file")]
mod file;
mod fingerprint;
mod key;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "network")]
mod network;
#[cfg(feature = "postgres")]
mod postgres;
#[doc(hidden)]
pub mod runtime;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod tiered;

pub use crate::backend::{AnyBackend, Backend, BackendInfo, Lookup, TimeLeft};
pub use crate::clock::{Clock, Moment};
pub use crate::codec::{Codec, DecodeError, Opened, Rejected, Sealed, Serializer};
pub use crate::entry::{AnyValue, CacheValue, Entry, Generation, ValueType};
pub use crate::error::{Error, ErrorKind, Operation, Result};
pub use crate::fence::{Epoch, Fence, FenceToken, WriteAllGuard, WriteGuard};
#[cfg(feature = "file")]
pub use crate::file::{FileBackend, FileBuilder, FileConfig};
pub use crate::fingerprint::{Fingerprint, Misfit, Traced, trace};
pub use crate::key::{Key, KeyDigest, KeyError, KeyText, KeyWriter, Namespace};
#[cfg(feature = "memory")]
pub use crate::memory::{EvictionPolicy, MemoryBackend, MemoryBuilder, MemoryConfig};
#[cfg(feature = "network")]
pub use crate::network::Dsn;
#[cfg(feature = "postgres")]
pub use crate::postgres::{PostgresBackend, PostgresBuilder, PostgresConfig};
pub use crate::stats::Stats;
pub use crate::tiered::{Layer, TieredBuilder, TieredCache, WriteStrategy};
