//! Hands the library on.

pub use cachestack;
