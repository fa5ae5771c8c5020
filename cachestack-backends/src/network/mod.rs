//! What the stores on servers share.
//!
//! | file | what is in it |
//! |---|---|
//! | `calls.rs` | how an operation runs on the library's own I/O thread: bounded, in order, to its end |
//! | `entries.rs` | entries to bytes and back, with the times the server tells |
//! | `names.rs` | what keys and namespaces are called on a server |
//! | `dsn.rs` | [`Dsn`]: an address that does not show its password |
//! | `config.rs` | checks that the settings of all have in common |

mod calls;
mod config;
mod dsn;
mod entries;
mod names;

#[cfg(feature = "memcached")]
pub(crate) use self::calls::timed_out;
pub(crate) use self::calls::{Calls, Limits};
pub(crate) use self::config::{check_times, defaults};
pub use self::dsn::Dsn;
pub(crate) use self::entries::{Entries, Stored};
#[cfg(feature = "memcached")]
pub(crate) use self::names::digest_name;
#[cfg(any(feature = "redis", feature = "postgres"))]
pub(crate) use self::names::key_name;
pub(crate) use self::names::namespace_name;
