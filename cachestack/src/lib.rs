#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cache;
mod flight;
mod function;
mod global;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use cachestack_backends::*;
pub use cachestack_macros::{cached, invalidate, key};

pub use crate::cache::{BlockingCache, Cache, CacheBuilder, CacheStats, EntryOptions};
pub use crate::function::{AsCache, BlockingEntry, CachedEntry};
pub use crate::global::{configure, configure_named, current, named};
