//! Function caching: one attribute on a function, one on a mutation, and a correct cache over memory, files, Redis,
//! PostgreSQL, Memcached, or a stack of them.
//!
//! ```
//! use cachestack::{cached, invalidate};
//!
//! #[cached(ttl = 60)]
//! async fn get_user(id: u64) -> Result<String, std::io::Error> {
//!     Ok(format!("user {id}"))
//! }
//!
//! #[invalidate(get_user(id))]
//! async fn rename(id: u64, name: &str) -> Result<(), std::io::Error> {
//!     println!("{id} is {name} now");
//!     Ok(())
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # get_user(1).await?;
//! # rename(1, "Ada").await
//! # }
//! ```
//!
//! - [`cached`] and [`invalidate`] say what the attributes take, and [`CachedEntry`] what comes with a function.
//! - [`Cache`] is what is configured once, by [`configure`], and the typed cache to use by hand.
//! - `MemoryBackend`, `FileBackend`, `RedisBackend`, `PostgresBackend`, `MemcachedBackend` (each with its feature) and
//!   [`TieredCache`] are the stores; [`Backend`] is the contract for another.
//! - [`CacheConfig`] is a whole cache as plain data.
//! - [`Codec`] is how values become bytes; [`Error`], [`CacheStats`], [`functions`] and [`Event`] tell what happened.
//!
//! The project's README walks through all of it.

mod cache;
mod events;
mod flight;
mod front;
mod function;
mod global;
mod sync;

#[doc = include_str!("../docs/attributes.md")]
pub mod attributes {}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use cachestack_backends::{
    AnyBackend, AnyValue, Backend, BackendInfo, CacheValue, Clock, Codec, DecodeError, Dependency,
    Entry, Epoch, Error, ErrorKind, Fence, FenceToken, Generation, Key, KeyDigest, KeyError,
    KeyText, KeyWriter, Layer, LayerConfig, Lookup, Moment, Namespace, Opened, Operation, Passage,
    Rejected, Result, Sealed, Serializer, Stats, TieredBuilder, TieredCache, TimeLeft, Timings,
    ValueType, Watch, WriteStrategy,
};
#[cfg(feature = "postgres")]
pub use cachestack_backends::{Dsn, PostgresBackend, PostgresBuilder, PostgresConfig};
#[cfg(feature = "memory")]
pub use cachestack_backends::{EvictionPolicy, MemoryBackend, MemoryBuilder, MemoryConfig};
#[cfg(feature = "file")]
pub use cachestack_backends::{FileBackend, FileBuilder, FileConfig};
#[cfg(feature = "memcached")]
pub use cachestack_backends::{MemcachedBackend, MemcachedBuilder, MemcachedConfig};
#[cfg(feature = "redis")]
pub use cachestack_backends::{RedisBackend, RedisBuilder, RedisConfig};
#[cfg(feature = "testing")]
pub use cachestack_backends::{contract_tests, testing};
pub use cachestack_macros::{cached, invalidate, key};

pub use crate::__private::Displayed;
pub use crate::cache::{
    BlockingCache, Cache, CacheBuilder, CacheConfig, CacheStats, EntryOptions, InBackground,
    InPlace, InTime, Timeout,
};
pub use crate::events::{Event, Outcome};
pub use crate::function::{
    ArcValue, AsCache, BlockingEntries, BlockingEntry, BlockingWay, CachedEntries, CachedEntry,
    FailsLate, FunctionStats, KeptError, KeyArgument, KeySelf, LocalArcValue, LocalValue,
    OwnedArgument, SentArgument, Way, functions,
};
pub use crate::global::{configure, configure_named, current, named};
