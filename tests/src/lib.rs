//! Tests of cachestack that use its public names only; see the folder `tests`. What they share is here.
//!
//! The code of the project's README is compiled and run here.
#![doc = include_str!("../../README.md")]

mod proxy;
mod runs;
pub mod servers;
mod shelf;
mod waits;
mod wanting;

pub use self::proxy::{HeldAnswers, Proxy};
pub use self::runs::Runs;
pub use self::shelf::{Hold, Shelf};
pub use self::waits::{eventually, within};
pub use self::wanting::wanting;
