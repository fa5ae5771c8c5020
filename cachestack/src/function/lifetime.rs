//! How long what a function returned is kept.

use std::fmt;
use std::time::Duration;

use super::shape::{Shape, Tag};

/// How long a computed value lives.
pub trait Lifetime<V> {
    /// Its time, `None` for the defaults of cache and layers; zero is not stored.
    fn of(self, value: &V) -> Option<Duration>;
}

/// A lifetime that a handle can keep, for what is put by hand later.
pub trait Lasting<V>: Lifetime<V> + Copy + Send + Sync + 'static {}

impl<V, L: Lifetime<V> + Copy + Send + Sync + 'static> Lasting<V> for L {}

impl<V> Lifetime<V> for Option<Duration> {
    #[inline]
    fn of(self, _: &V) -> Option<Duration> {
        self
    }
}

/// `ttl = |value| ...`
///
/// It is a lifetime whatever the closure is: what is wrong with that is told once, where this is made.
pub struct ByValue<V, F> {
    by: F,
    time: fn(F, &V) -> Option<Duration>,
}

impl<V, F> Lifetime<V> for ByValue<V, F> {
    #[inline]
    fn of(self, value: &V) -> Option<Duration> {
        (self.time)(self.by, value)
    }
}

impl<V, F: Clone> Clone for ByValue<V, F> {
    fn clone(&self) -> Self {
        Self {
            by: self.by.clone(),
            time: self.time,
        }
    }
}

impl<V, F: Copy> Copy for ByValue<V, F> {}

impl<V, F> fmt::Debug for ByValue<V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByValue").finish_non_exhaustive()
    }
}

/// The lifetime that a closure tells.
#[inline]
pub fn ttl_by<R, S, T, F>(_: S, _: &Tag<R>, by: F) -> ByValue<S::Value, F>
where
    S: Shape<R>,
    T: Time,
    F: FnOnce(&S::Value) -> T,
{
    ByValue {
        by,
        time: |by, value| by(value).time(),
    }
}

/// `none_ttl = ...`: absence has a time of its own.
pub struct NoneApart<V, L> {
    some: L,
    none: Option<Duration>,
    is_none: fn(&V) -> bool,
}

impl<V, L: Lifetime<V>> Lifetime<V> for NoneApart<V, L> {
    #[inline]
    fn of(self, value: &V) -> Option<Duration> {
        match (self.is_none)(value) {
            true => self.none,
            false => self.some.of(value),
        }
    }
}

impl<V, L: Clone> Clone for NoneApart<V, L> {
    fn clone(&self) -> Self {
        Self {
            some: self.some.clone(),
            ..*self
        }
    }
}

impl<V, L: Copy> Copy for NoneApart<V, L> {}

impl<V, L> fmt::Debug for NoneApart<V, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoneApart")
            .field("none", &self.none)
            .finish_non_exhaustive()
    }
}

/// The lifetime with another for `None`.
#[inline]
pub fn none_apart<R, S: Shape<R>, L>(
    _: S,
    _: &Tag<R>,
    some: L,
    none: Option<Duration>,
) -> NoneApart<S::Value, L>
where
    S::Value: MayBeNone,
{
    NoneApart {
        some,
        none,
        is_none: MayBeNone::is_none,
    }
}

/// What a closure for a time may return.
#[diagnostic::on_unimplemented(
    message = "a closure for a time returns a `Duration`, not `{Self}`",
    label = "not a `Duration`",
    note = "return a `std::time::Duration`, or `Some` of one and `None` for the default"
)]
pub trait Time {
    /// The time.
    fn time(self) -> Option<Duration>;
}

impl Time for Duration {
    #[inline]
    fn time(self) -> Option<Duration> {
        Some(self)
    }
}

impl Time for Option<Duration> {
    #[inline]
    fn time(self) -> Option<Duration> {
        self
    }
}

/// A value that may be absent.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is never absent",
    label = "not an `Option`",
    note = "`none_ttl` is for functions that return an `Option<_>` or a `Result<Option<_>, _>`"
)]
pub trait MayBeNone {
    /// Whether it is absent.
    fn is_none(&self) -> bool;
}

impl<T> MayBeNone for Option<T> {
    #[inline]
    fn is_none(&self) -> bool {
        Option::is_none(self)
    }
}
