//! What a return type is, found by type and not by the name that is written.
//!
//! The attribute writes `(&Tag::<R>::NEW).shape()` with [`OfFallible`] and [`OfOther`] in scope. For a
//! `Result` both have the method, and the first needs one reference less, so it is picked; for anything else
//! only the second is there. Exactly one `&` must be written. The same way decides whether a failure can be
//! shared.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use cachestack_backends::AnyValue;
use serde::Serialize;

/// Stands for a return type.
#[derive(Debug)]
pub struct Tag<R>(PhantomData<fn() -> R>);

impl<R> Tag<R> {
    /// The tag of the type.
    pub const NEW: Self = Self(PhantomData);
}

/// How a return value and the value that is kept go together.
pub trait Shape<R>: Copy + Send + Sync {
    /// What is kept.
    type Value;

    /// The return value of a hit.
    fn wrap(value: Self::Value) -> R;

    /// What is to be kept of a computed return value, or the failure it is.
    ///
    /// # Errors
    /// The return value itself, when it is a failure.
    fn split(returned: R) -> Result<Self::Value, R>;

    /// Whether a return value is a failure.
    fn is_failure(returned: &R) -> bool;
}

/// The whole return value is kept.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl<R> Shape<R> for Plain {
    type Value = R;

    #[inline]
    fn wrap(value: R) -> R {
        value
    }
    #[inline]
    fn split(returned: R) -> Result<R, R> {
        Ok(returned)
    }
    #[inline]
    fn is_failure(_: &R) -> bool {
        false
    }
}

/// A `Result`, of which only `Ok` is kept.
#[derive(Debug, Clone, Copy)]
pub struct Fails;

impl<T, E> Shape<Result<T, E>> for Fails {
    type Value = T;

    #[inline]
    fn wrap(value: T) -> Result<T, E> {
        Ok(value)
    }
    #[inline]
    fn split(returned: Result<T, E>) -> Result<T, Result<T, E>> {
        returned.map_err(Err)
    }
    #[inline]
    fn is_failure(returned: &Result<T, E>) -> bool {
        returned.is_err()
    }
}

/// Picked for `Result`s.
pub trait OfFallible {
    /// The shape.
    fn shape(&self) -> Fails;
}

impl<T, E> OfFallible for Tag<Result<T, E>> {
    fn shape(&self) -> Fails {
        Fails
    }
}

/// Picked for everything else.
pub trait OfOther {
    /// The shape.
    fn shape(&self) -> Plain;
}

impl<R> OfOther for &Tag<R> {
    fn shape(&self) -> Plain {
        Plain
    }
}

/// The type in the `Ok` of a `Result`, for signatures.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is written like a `Result` but is not one",
    label = "not a `std::result::Result`",
    note = "a type named `Result` is taken for `std::result::Result` or an alias of it: give yours another name"
)]
pub trait Fallible {
    /// What is in `Ok`.
    type Value;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
}

/// How a failure reaches those who waited for it.
pub trait Share<R>: Copy + Send + Sync {
    /// The failure for others, where it can be cloned.
    fn share(failure: &R) -> Option<AnyValue>;
    /// The failure from another call, where it is of this type.
    fn take(shared: &AnyValue) -> Option<R>;
}

/// Failures are cloned.
#[derive(Debug, Clone, Copy)]
pub struct Shared;

impl<T, E: Clone + Any + Send + Sync> Share<Result<T, E>> for Shared {
    fn share(failure: &Result<T, E>) -> Option<AnyValue> {
        let error = failure.as_ref().err()?;
        Some(Arc::new(error.clone()))
    }
    fn take(shared: &AnyValue) -> Option<Result<T, E>> {
        shared.downcast_ref::<E>().cloned().map(Err)
    }
}

/// Each caller has its own failure.
#[derive(Debug, Clone, Copy)]
pub struct Unshared;

impl<R> Share<R> for Unshared {
    fn share(_: &R) -> Option<AnyValue> {
        None
    }
    fn take(_: &AnyValue) -> Option<R> {
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

/// An argument that can be a part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key",
    label = "not `Serialize`",
    note = "derive `serde::Serialize` on it, or leave the argument out of the key with `#[cached(skip)]`"
)]
pub trait KeyArgument: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> KeyArgument for T {}
