//! What is asked of the cache for a computation, and what comes of it.

use std::pin::Pin;
use std::sync::Arc;

use cachestack_backends::{AnyValue, Dependency, Key, ValueType};

use super::duty::Duty;
use super::freshness::{Aged, Policy};
use crate::events::Origin;

/// What a look-up came to.
pub(crate) enum Lookup<'a> {
    /// The value is there, of the type that was asked for: in that layer.
    Found(AnyValue, Option<usize>),
    /// The same, and it is time to compute it anew.
    Aged(Aged),
    /// The same, from another call's computation.
    Shared(AnyValue),
    /// A stale one, as no new one was to be had in time.
    Old(Aged),
    /// Another call's computation failed, and its failure is shared.
    Failed(AnyValue),
    /// The caller computes, and hands the result in.
    Compute(Duty<'a>),
}

/// What a caller wants of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A value; the caller computes a missing one itself.
    Value,
    /// A value; what is stale can be computed apart from the caller.
    ValueThenApart,
    /// To compute what is stale, unless somebody does already.
    Turn,
    /// A fresh value, in place of a stale one.
    Newer,
    /// A new one, whatever there is.
    New,
}

/// A question to the cache.
pub(crate) struct Ask<'a> {
    pub(crate) origin: Origin,
    pub(crate) key: Key,
    pub(crate) value_type: &'static ValueType,
    pub(crate) on: &'a [Dependency],
    pub(crate) wish: Wish,
    pub(crate) policy: Option<Arc<Policy>>,
    /// What the caller has seen, which may be served still.
    pub(crate) old: Option<Aged>,
}

/// How a look-up begins.
pub(crate) enum Beginning<'a, F> {
    /// It has ended: there was nobody to wait for.
    Done(Lookup<'a>),
    /// What comes to it, apart from its caller's future, which is to stay small: functions call each other.
    Waits(Pin<Box<F>>),
}
