//! What a return type is, found by type and not by the name that is written.
//!
//! The attribute writes `(&Tag::<R>::NEW).shape()` with [`OfFallible`] and [`OfOther`] in scope. The inherent
//! methods are picked for what is behind an `Arc`; for a `Result` both traits have the method, and the first
//! needs one reference less, so it is picked; for anything else only the second is there. Exactly one `&` must
//! be written.

use std::marker::PhantomData;
use std::sync::Arc;

use super::form::{Anywhere, Behind, Local, Owned};

/// Stands for a return type.
#[derive(Debug)]
pub struct Tag<R>(PhantomData<fn() -> R>);

impl<R> Tag<R> {
    /// The tag of the type.
    pub const NEW: Self = Self(PhantomData);
}

/// How a return value and the value that is kept go together.
pub trait Shape<R>: Copy + Send + Sync + 'static {
    /// What is kept, as the function hands it over.
    type Value;
    /// What a store has of it.
    type Stored;

    /// The return value of a hit.
    fn wrap(value: Self::Value) -> R;

    /// What is to be kept of a computed return value, or the failure it is.
    ///
    /// # Errors
    /// The return value itself, when it is a failure.
    fn split(returned: R) -> Result<Self::Value, R>;

    /// What would be kept of a return value, unless it is a failure.
    fn value(returned: &R) -> Option<&Self::Value>;
}

/// The whole return value is kept, in a form and at a place.
#[derive(Debug, Clone, Copy)]
pub struct Plain<F = Owned, P = Anywhere>(PhantomData<(F, P)>);

/// A `Result`, of which only `Ok` is kept.
#[derive(Debug, Clone, Copy)]
pub struct Fails<F = Owned, P = Anywhere>(PhantomData<(F, P)>);

impl<F> Plain<F> {
    /// The same in memory only.
    pub fn local(self) -> Plain<F, Local> {
        Plain(PhantomData)
    }
}

impl<F> Fails<F> {
    /// The same in memory only.
    pub fn local(self) -> Fails<F, Local> {
        Fails(PhantomData)
    }
}

macro_rules! shapes {
    ($form:ty, $value:ty) => {
        impl<T, P: Copy + Send + Sync + 'static> Shape<$value> for Plain<$form, P> {
            type Value = $value;
            type Stored = T;

            #[inline]
            fn wrap(value: $value) -> $value {
                value
            }
            #[inline]
            fn split(returned: $value) -> Result<$value, $value> {
                Ok(returned)
            }
            #[inline]
            fn value(returned: &$value) -> Option<&$value> {
                Some(returned)
            }
        }

        impl<T, E, P: Copy + Send + Sync + 'static> Shape<Result<$value, E>> for Fails<$form, P> {
            type Value = $value;
            type Stored = T;

            #[inline]
            fn wrap(value: $value) -> Result<$value, E> {
                Ok(value)
            }
            #[inline]
            fn split(returned: Result<$value, E>) -> Result<$value, Result<$value, E>> {
                returned.map_err(Err)
            }
            #[inline]
            fn value(returned: &Result<$value, E>) -> Option<&$value> {
                returned.as_ref().ok()
            }
        }
    };
}

shapes!(Owned, T);
shapes!(Behind, Arc<T>);

impl<T> Tag<Arc<T>> {
    /// The shape.
    pub fn shape(&self) -> Plain<Behind> {
        Plain(PhantomData)
    }
}

impl<T, E> Tag<Result<Arc<T>, E>> {
    /// The shape.
    pub fn shape(&self) -> Fails<Behind> {
        Fails(PhantomData)
    }
}

/// Picked for `Result`s.
pub trait OfFallible {
    /// The shape.
    fn shape(&self) -> Fails;
}

impl<T, E> OfFallible for Tag<Result<T, E>> {
    fn shape(&self) -> Fails {
        Fails(PhantomData)
    }
}

/// Picked for everything else.
pub trait OfOther {
    /// The shape.
    fn shape(&self) -> Plain;
}

impl<R> OfOther for &Tag<R> {
    fn shape(&self) -> Plain {
        Plain(PhantomData)
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
