//! Tests of cachestack that use its public names only; see the folder `tests`.
//!
//! The code of the project's README is compiled and run here.
#![doc = include_str!("../../README.md")]
