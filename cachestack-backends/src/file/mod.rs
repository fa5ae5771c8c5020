//! Entries in a folder: one file each, shared by every process that opens the folder.
//!
//! ```text
//! <directory>/<namespace>/<2 hex>/<62 hex>.entry            an entry: one line that people can read, then the payload
//! <directory>/<namespace>/<2 hex>/.tmp-<62 hex>-<6 letters> one that is being written
//! <directory>/<namespace>/<2 hex>/.tmp-<62 hex>-gone        one that is being removed, see `disk.rs`
//! ```
//!
//! The digits are [`Key::stable_digest`](crate::Key::stable_digest) of the key within the backend's own
//! namespace; the line holds the full key. Whatever else is in the folder belongs to someone else and is left
//! alone.
//!
//! | file | what is in it |
//! |---|---|
//! | `config.rs` | [`FileConfig`], [`FileBuilder`] |
//! | `backend.rs` | [`FileBackend`]: the contract, each operation as a job for `job.rs` |
//! | `job.rs` | where a job runs, and how a dropped one never takes effect |
//! | `store.rs` | what the operations do, one entry at a time |
//! | `folder.rs` | what they do with all entries of a namespace or directory |
//! | `room.rs` | `max_bytes` |
//! | `upkeep.rs` | what happens in the background |
//! | `layout.rs` | the names of folders and files, and which of them are ours |
//! | `disk.rs` | writing and removing a file so that nobody sees half of it |
//! | `read.rs` | reading a file, or only its first line |
//! | `error.rs` | what the disk refused, and what to do about it |

mod backend;
mod config;
mod disk;
mod error;
mod folder;
mod job;
mod layout;
mod read;
mod room;
mod store;
mod upkeep;

pub use self::backend::FileBackend;
pub use self::config::{FileBuilder, FileConfig};
