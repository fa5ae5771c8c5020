//! A user's crate that denies what it can.
#![deny(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]

pub mod methods;
pub mod no_prelude;
pub mod renamed;
pub mod through_another;
