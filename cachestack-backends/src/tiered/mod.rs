//! Several stores as one: the fastest on top, the most lasting below.
//!
//! | file | what is in it |
//! |---|---|
//! | `config.rs` | [`TieredBuilder`], [`Layer`], [`WriteStrategy`] |
//! | `layer_config.rs` | [`LayerConfig`]: a layer as plain data |
//! | `stack.rs` | [`TieredCache`]: what it is made of, how long its layers keep things |
//! | `passage.rs` | [`Passage`]: one caller's way down and back |
//! | `read.rs` | look-ups |
//! | `descent/` | the way down through the layers |
//! | `numbers.rs` | the numbers of generations in the layers that keep them |
//! | `copy.rs` | the copies back up |
//! | `store.rs` | stores of what was computed, under the fence |
//! | `many.rs` | look-ups and stores of several keys |
//! | `write.rs` | writes by hand under the fence |
//! | `first_error.rs` | the one error of an operation that several layers failed in |
//! | `written.rs` | what is written, and which layer gets it |
//! | `remove.rs` | deletions and clears under the fence |
//! | `renew.rs` | invalidation of tags, functions and namespaces |
//! | `section.rs` | who drives what holds write guards |
//! | `layer.rs` | a layer as the stack asks it: with a deadline and a breaker |
//! | `breaker.rs` | whether a layer is worth asking |
//! | `pending/` | what a layer has yet to be told |
//! | `recovery.rs` | probing a layer that is away, and telling it what it missed |
//! | `background.rs` | copies that are made off the caller's path, and what `flush` waits for |
//! | `backend.rs` | the stack as a [`Backend`](crate::Backend) |

mod backend;
mod background;
mod breaker;
mod config;
mod copy;
mod descent;
mod first_error;
mod layer;
mod layer_config;
mod many;
mod numbers;
mod passage;
mod pending;
mod read;
mod recovery;
mod remove;
mod renew;
mod section;
mod stack;
mod store;
mod write;
mod written;

pub use self::config::{Layer, TieredBuilder, WriteStrategy};
pub use self::layer_config::LayerConfig;
pub use self::passage::{Passage, Watch};
pub use self::stack::TieredCache;
