//! How a value is kept: itself or what is behind its `Arc`, in every store or in memory only.

use std::any::Any;
use std::sync::Arc;

use cachestack_backends::{AnyValue, CacheValue, ValueType};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::shape::{Shape, Tag};

/// The value itself is kept, and cloned for each hit.
#[derive(Debug, Clone, Copy)]
pub struct Owned;

/// What is behind an `Arc` is kept, and shared with each hit.
#[derive(Debug, Clone, Copy)]
pub struct Behind;

/// Kept where the stack says.
#[derive(Debug, Clone, Copy)]
pub struct Anywhere;

/// Kept in memory only.
#[derive(Debug, Clone, Copy)]
pub struct Local;

/// What a store has of a value that the function hands over as a `V`, kept in the form `F` at the place `P`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached: it must be `Serialize + DeserializeOwned + Clone + Send + Sync + 'static`",
    label = "this value cannot be stored",
    note = "derive `serde::Serialize`, `serde::Deserialize` and `Clone` on `{Self}` and on what it contains; \
            for memory alone write `#[cached(local)]`, which needs `Clone + Send + Sync + 'static`"
)]
pub trait Storable<F, P, V>: Any + Send + Sync {
    /// What stores know of its type.
    fn value_type() -> &'static ValueType;

    /// The value of a hit.
    fn load(kept: &AnyValue) -> Option<V>;

    /// The value as it is kept.
    fn keep(value: V) -> Arc<Self>;

    /// The value for its own caller, after it was stored.
    fn release(kept: Arc<Self>) -> V;
}

macro_rules! storable {
    ($form:ty, $place:ty, $value:ty, $bound:path $(, $more:path)*; $value_type:ident, $load:expr, $keep:expr, $release:expr) => {
        #[diagnostic::do_not_recommend]
        impl<T: $bound $(+ $more)* + Send + Sync + 'static> Storable<$form, $place, $value> for T {
            #[inline]
            fn value_type() -> &'static ValueType {
                ValueType::$value_type::<T>()
            }
            #[inline]
            fn load(kept: &AnyValue) -> Option<$value> {
                ($load)(kept)
            }
            #[inline]
            fn keep(value: $value) -> Arc<T> {
                ($keep)(value)
            }
            #[inline]
            fn release(kept: Arc<T>) -> $value {
                ($release)(kept)
            }
        }
    };
}

storable!(Owned, Anywhere, T, CacheValue; of, cloned, Arc::new, Arc::unwrap_or_clone);
storable!(Owned, Local, T, Clone; local, cloned, Arc::new, Arc::unwrap_or_clone);
storable!(Behind, Anywhere, Arc<T>, Serialize, DeserializeOwned; of, shared, same, same);
storable!(Behind, Local, Arc<T>, Any; local, shared, same, same);

#[inline]
fn cloned<T: Any + Clone>(kept: &AnyValue) -> Option<T> {
    kept.downcast_ref::<T>().cloned()
}

#[inline]
fn shared<T: Any + Send + Sync>(kept: &AnyValue) -> Option<Arc<T>> {
    Arc::clone(kept).downcast().ok()
}

#[inline]
fn same<T>(value: T) -> T {
    value
}

/// Fails to compile where the value of a function cannot be kept.
#[inline]
pub fn check_value<R, S: Shape<R>>(_: S, _: &Tag<R>)
where
    S::Stored: Storable<S::Form, S::Place, S::Value>,
{
}
