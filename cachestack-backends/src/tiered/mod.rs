//! Several stores as one: the fastest on top, the most lasting below.
//!
//! | file | what is in it |
//! |---|---|
//! | `config.rs` | [`TieredBuilder`], [`Layer`], [`WriteStrategy`] |
//! | `stack.rs` | [`TieredCache`]: what it is made of, how long its layers keep things |
//! | `read.rs` | the way down through the layers, and the copies back up |
//! | `write.rs` | stores, deletions and clears, under the fence |
//! | `section.rs` | who drives what holds write guards |
//! | `background.rs` | copies that are made off the caller's path |
//! | `backend.rs` | the stack as a [`Backend`](crate::Backend) |

mod backend;
mod background;
mod config;
mod read;
mod section;
mod stack;
mod write;

pub use self::config::{Layer, TieredBuilder, WriteStrategy};
pub use self::stack::TieredCache;
