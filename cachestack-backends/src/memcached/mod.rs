//! Entries on Memcached servers.
//!
//! | file | what is in it |
//! |---|---|
//! | `config.rs` | the settings and their builder |
//! | `backend.rs` | [`MemcachedBackend`]: the contract |
//! | `store.rs` | all servers together: which key goes where |
//! | `node.rs` | one server: what is asked of it and written to it, in turns |
//! | `gather.rs` | look-ups that come at the same time, and go in one turn |
//! | `pool.rs` | the connections to one server |
//! | `connection.rs` | one turn on a connection; the only place that knows the protocol crate |
//! | `wire/`, `window.rs`, `reply.rs` | the stream under that crate, which checks all that a server says |
//! | `socket.rs` | TCP, or a socket in the file system |
//! | `item.rs` | what is stored, how large it is, and when a server may drop it |
//! | `names.rs` | what keys and generations are called on the servers |
//! | `generation.rs` | the numbers that entries are stored under |
//! | `ring.rs` | which server a key is on |
//! | `address.rs` | where the servers are |
//! | `error.rs` | what servers and connections refuse |

mod address;
mod backend;
mod config;
mod connection;
mod error;
mod gather;
mod generation;
mod item;
mod names;
mod node;
mod pool;
mod reply;
mod ring;
mod socket;
mod store;
mod window;
mod wire;

pub use self::backend::MemcachedBackend;
pub use self::config::{MemcachedBuilder, MemcachedConfig};
