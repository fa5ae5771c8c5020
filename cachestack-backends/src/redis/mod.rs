//! Entries in Redis: one server, a cluster, or behind sentinels.
//!
//! ```text
//! <namespace>/<key>   a string: the entry's envelope, one line that people can read, then the payload; it expires by PX
//! ```
//!
//! | file | what is in it |
//! |---|---|
//! | `config.rs` | [`RedisConfig`], [`RedisBuilder`] |
//! | `backend.rs` | [`RedisBackend`]: the contract |
//! | `store.rs` | what clones share, what entries are called and how they are read |
//! | `dsn.rs` | the addresses and what they say |
//! | `setup.rs` | how the client is set up, TLS included |
//! | `link.rs` | one connection that is kept open, and who may still use it |
//! | `line.rs` | the connection itself: one life of the client |
//! | `commands.rs` | what operations send in one turn |
//! | `sweep.rs` | `clear` |
//! | `error.rs` | what the client or the server says, as errors of ours |

mod backend;
mod commands;
mod config;
mod dsn;
mod error;
mod line;
mod link;
mod setup;
mod store;
mod sweep;

pub use self::backend::RedisBackend;
pub use self::config::{RedisBuilder, RedisConfig};
