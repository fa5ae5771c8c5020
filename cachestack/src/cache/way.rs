//! How `get_or_compute` runs a computation, told by its options' type.

use std::marker::PhantomData;

/// The computation runs in its caller's place.
///
/// Where the cache's own defaults have stale values served, one caller computes the new one and the others are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InPlace;

/// The computation may run in the background: on the caller's tokio runtime, else on one of the library's; of sync code
/// on a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InBackground;

/// A call that ends in time, with an error made of [`Timeout`](crate::Timeout) where it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InTime<W>(PhantomData<fn() -> W>);
