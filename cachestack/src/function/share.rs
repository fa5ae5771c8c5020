//! How a failure reaches those who waited for it, and how it is kept.
//!
//! The attribute writes `(&Tag::<R>::NEW).share()` with [`OfShareable`] and [`OfUnshareable`] in scope: errors that
//! can be cloned are shared, as `shape.rs` explains.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{AnyValue, ValueType};

use super::lifetime::Time;
use super::shape::Tag;

/// An error of a function, as it waits for others. A type of its own, so that it is never taken for a value.
#[derive(Debug)]
pub struct Failure<E>(E);

/// How a failure reaches those who waited for it.
pub trait Share<R>: Send + Sync {
    /// The failure for others, where it can be made for them.
    fn share(&self, returned: &R) -> Option<AnyValue>;

    /// The failure from another call, where it is of this type.
    fn take(&self, shared: &AnyValue) -> Option<R>;

    /// What stores know of its type.
    fn error_type(&self) -> Option<&'static ValueType>;

    /// Whether failures are kept.
    fn keeps(&self) -> bool {
        false
    }

    /// How long this one is.
    fn ttl(&self, _: &R) -> Option<Duration> {
        None
    }
}

/// Failures are kept too, in memory.
#[derive(Debug, Clone, Copy)]
pub struct Kept<H, T> {
    share: H,
    ttl: T,
}

/// The way of `error_ttl`.
#[inline]
pub fn kept_for<H, T>(share: H, ttl: T) -> Kept<H, T> {
    Kept { share, ttl }
}

impl<R, H: Share<R>, T: ErrorTime<R> + Send + Sync> Share<R> for Kept<H, T> {
    fn share(&self, returned: &R) -> Option<AnyValue> {
        self.share.share(returned)
    }
    fn take(&self, shared: &AnyValue) -> Option<R> {
        self.share.take(shared)
    }
    fn error_type(&self) -> Option<&'static ValueType> {
        self.share.error_type()
    }
    fn keeps(&self) -> bool {
        true
    }
    fn ttl(&self, returned: &R) -> Option<Duration> {
        self.ttl.of(returned)
    }
}

/// How long a failure is kept.
pub trait ErrorTime<R> {
    /// Its time; zero is not stored.
    fn of(&self, returned: &R) -> Option<Duration>;
}

impl<R> ErrorTime<R> for Duration {
    fn of(&self, _: &R) -> Option<Duration> {
        Some(*self)
    }
}

/// `error_ttl = |error| ...`
pub struct ByError<E, F> {
    by: F,
    time: fn(&F, &E) -> Option<Duration>,
}

impl<A, E, F> ErrorTime<Result<A, E>> for ByError<E, F> {
    fn of(&self, returned: &Result<A, E>) -> Option<Duration> {
        let error = returned.as_ref().err()?;
        (self.time)(&self.by, error)
    }
}

impl<E, F: Clone> Clone for ByError<E, F> {
    fn clone(&self) -> Self {
        Self {
            by: self.by.clone(),
            time: self.time,
        }
    }
}

impl<E, F: Copy> Copy for ByError<E, F> {}

impl<E, F> fmt::Debug for ByError<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByError").finish_non_exhaustive()
    }
}

/// The time that a closure tells. Whatever it does not tell as one is said here, and nowhere else.
#[inline]
pub fn by_error<R: MayFail, T: Time, F: Fn(&R::Error) -> T>(
    _: &Tag<R>,
    by: F,
) -> ByError<R::Error, F> {
    ByError {
        by,
        time: |by, error| by(error).time(),
    }
}

/// Failures are cloned.
#[derive(Debug, Clone, Copy)]
pub struct Shared;

impl<T, E: Clone + Any + Send + Sync> Share<Result<T, E>> for Shared {
    fn share(&self, returned: &Result<T, E>) -> Option<AnyValue> {
        let error = returned.as_ref().err()?;
        Some(Arc::new(Failure(error.clone())))
    }
    fn take(&self, shared: &AnyValue) -> Option<Result<T, E>> {
        let Failure(error) = shared.downcast_ref::<Failure<E>>()?;
        Some(Err(error.clone()))
    }
    fn error_type(&self) -> Option<&'static ValueType> {
        Some(ValueType::local::<Failure<E>>())
    }
}

/// Failures are made anew by a function of the author's.
///
/// It is a way to share whatever that function is: what is wrong with it is told once, where this is made.
pub struct SharedBy<R, F> {
    make: F,
    share: fn(&F, &R) -> Option<AnyValue>,
    take: fn(&F, &AnyValue) -> Option<R>,
    error_type: fn() -> &'static ValueType,
}

impl<R, F: Send + Sync> Share<R> for SharedBy<R, F> {
    fn share(&self, returned: &R) -> Option<AnyValue> {
        (self.share)(&self.make, returned)
    }
    fn take(&self, shared: &AnyValue) -> Option<R> {
        (self.take)(&self.make, shared)
    }
    fn error_type(&self) -> Option<&'static ValueType> {
        Some((self.error_type)())
    }
}

impl<R, F> fmt::Debug for SharedBy<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBy").finish_non_exhaustive()
    }
}

/// The way of `share_err`.
#[inline]
pub fn share_by<R: MayFail, F>(_: &Tag<R>, make: F) -> SharedBy<R, F>
where
    R::Error: SharedError,
    F: Fn(&R::Error) -> R::Error,
{
    SharedBy {
        make,
        share: |make, returned| Some(Arc::new(Failure(make(returned.error()?)))),
        take: |make, shared| {
            let Failure(error) = shared.downcast_ref::<Failure<R::Error>>()?;
            Some(R::failed(make(error)))
        },
        error_type: ValueType::local::<Failure<R::Error>>,
    }
}

/// A return type that can tell of a failure.
#[diagnostic::on_unimplemented(
    message = "`{Self}` never fails",
    label = "not a `Result`",
    note = "`error_ttl`, `share_err` and `stale_if_error` are for functions that return a `Result<_, _>`"
)]
pub trait MayFail {
    /// What is in `Err`.
    type Error;

    /// The failure, where it is one.
    fn error(&self) -> Option<&Self::Error>;

    /// A failure.
    fn failed(error: Self::Error) -> Self;
}

impl<T, E> MayFail for Result<T, E> {
    type Error = E;

    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
    fn failed(error: E) -> Self {
        Err(error)
    }
}

/// Fails to compile where the error of a function cannot be kept.
#[inline]
pub fn check_error<R: MayFail<Error: KeptError>>() {}

/// Fails to compile where a function cannot fail.
#[inline]
pub fn check_fails<R: MayFail>(_: &Tag<R>) {}

/// Each caller has its own failure.
#[derive(Debug, Clone, Copy)]
pub struct Unshared;

impl<R> Share<R> for Unshared {
    fn share(&self, _: &R) -> Option<AnyValue> {
        None
    }
    fn take(&self, _: &AnyValue) -> Option<R> {
        None
    }
    fn error_type(&self) -> Option<&'static ValueType> {
        None
    }
}

/// Picked for `Result`s with an error that can be cloned.
pub trait OfShareable {
    /// The way to share.
    fn share(&self) -> Shared;
}

impl<T, E: Clone + Any + Send + Sync> OfShareable for Tag<Result<T, E>> {
    fn share(&self) -> Shared {
        Shared
    }
}

/// Picked for everything else.
pub trait OfUnshareable {
    /// The way to share.
    fn share(&self) -> Unshared;
}

impl<R> OfUnshareable for &Tag<R> {
    fn share(&self) -> Unshared {
        Unshared
    }
}

/// An error that can go to several callers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go to several callers: it must be `Send + Sync + 'static`",
    label = "this error stays with its own caller",
    note = "leave `share_err` out: each caller then computes and has an error of its own"
)]
pub trait SharedError: Any + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<E: Any + Send + Sync> SharedError for E {}

/// An error that can be kept for a while.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept: it must be `Clone + Send + Sync + 'static`",
    label = "this error cannot be stored",
    note = "derive `Clone` on it, or leave `error_ttl` out, or give `share_err = |e: &{Self}| ...`, which makes another"
)]
pub trait KeptError: Clone + Any + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<E: Clone + Any + Send + Sync> KeptError for E {}
