//! The flights and the fence of cachestack under a checker that runs them through thousands of interleavings.
//!
//! The code is the very code of the two crates, compiled here once more with the checker's locks, atomics and thread
//! locals in the place of the standard library's: whatever `sync` has. What it calls besides is in `runtime` and `key`, or
//! comes from the crate itself. Nothing of the checker is in the crates that are published.
//!
//! [`scenarios`] is what is run; the tests say how often.

// With their unit tests, which belong to the crates, the files do not build here.
#![cfg(not(test))]

// Both crates are this one here.
extern crate self as cachestack_backends;

mod generation;
mod key;
pub mod runtime;
#[allow(
    clippy::missing_panics_doc,
    reason = "a scenario panics where it fails"
)]
pub mod scenarios;
mod stage;
mod sync;

#[allow(
    dead_code,
    unreachable_pub,
    reason = "what else it has is used in its own crate"
)]
#[path = "../../cachestack-backends/src/fence/mod.rs"]
mod fence;
#[allow(dead_code, reason = "what else it has is used in its own crate")]
#[path = "../../cachestack/src/flight/mod.rs"]
mod flight;

pub use backends::{AnyValue, Clock, Moment};

pub use crate::fence::Epoch;
pub use crate::generation::Watch;
pub use crate::key::KeyDigest;
