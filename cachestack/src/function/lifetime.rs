//! How long what a function returned is kept.

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
#[derive(Debug, Clone, Copy)]
struct ByValue<F>(F);

impl<V, T: Time, F: FnOnce(&V) -> T> Lifetime<V> for ByValue<F> {
    #[inline]
    fn of(self, value: &V) -> Option<Duration> {
        (self.0)(value).time()
    }
}

/// The lifetime that a closure tells.
#[inline]
pub fn ttl_by<R, S, T, F>(_: S, _: &Tag<R>, by: F) -> impl Lasting<S::Value> + use<R, S, T, F>
where
    S: Shape<R>,
    T: Time,
    F: FnOnce(&S::Value) -> T + Copy + Send + Sync + 'static,
{
    ByValue(by)
}

/// `none_ttl = ...`: absence has a time of its own.
#[derive(Debug, Clone, Copy)]
struct NoneApart<L> {
    some: L,
    none: Option<Duration>,
}

impl<V: MayBeNone, L: Lifetime<V>> Lifetime<V> for NoneApart<L> {
    #[inline]
    fn of(self, value: &V) -> Option<Duration> {
        match value.is_none() {
            true => self.none,
            false => self.some.of(value),
        }
    }
}

/// The lifetime with another for `None`.
#[inline]
pub fn none_apart<R, S: Shape<R>, L>(
    _: S,
    _: &Tag<R>,
    some: L,
    none: Option<Duration>,
) -> impl Lasting<S::Value> + use<R, S, L>
where
    S::Value: MayBeNone,
    L: Lasting<S::Value>,
{
    NoneApart { some, none }
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
