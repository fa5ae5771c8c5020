//! Entries in this process, as typed values.
//!
//! | file | what is in it |
//! |---|---|
//! | `config.rs` | [`MemoryConfig`], [`MemoryBuilder`], [`EvictionPolicy`] |
//! | `backend.rs` | [`MemoryBackend`] |
//! | `store.rs` | what a map of entries must do, and which one serves a policy |
//! | `s3fifo.rs` | [`EvictionPolicy::S3Fifo`] over `quick_cache` |
//! | `ordered.rs` | [`EvictionPolicy::Lru`], [`Lfu`](EvictionPolicy::Lfu) and [`Ttl`](EvictionPolicy::Ttl), in strict order |
//! | `janitor.rs` | frees ended entries in the background |

mod backend;
mod config;
mod janitor;
mod ordered;
mod s3fifo;
mod store;

pub use self::backend::MemoryBackend;
pub use self::config::{EvictionPolicy, MemoryBuilder, MemoryConfig};
pub(crate) use self::store::Stored;
