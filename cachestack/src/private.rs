//! Names for the attributes' expansion. Not for use by hand: they change without notice.

use std::any::type_name;
use std::fmt::Display;
use std::time::Duration;

pub use cachestack_backends::{KeyError, KeyText, KeyWriter};

pub use crate::cache::Freshness;
pub use crate::function::*;
pub use crate::global::NamedCache;

/// Writes one argument into a key.
#[inline]
pub fn argument<T: KeyArgument + ?Sized>(key: &mut KeyWriter, value: &T) {
    key.argument(value);
}

/// Writes `self` into a key.
#[inline]
pub fn argument_self<T: KeySelf + ?Sized>(key: &mut KeyWriter, value: &T) {
    key.argument(value);
}

/// Writes the type of an argument whose type has no name, so that each has its own entries.
#[inline]
pub fn argument_type<T: ?Sized>(key: &mut KeyWriter, _: &T) {
    key.argument(type_name::<T>());
}

/// Ends a template with a value that the function is generic over.
pub fn instance_value<T: Display>(key: &mut KeyWriter, value: &T) {
    key.not_in_short();
    key.literal("%<");
    key.raw(value);
    key.literal(">");
}

/// Ends a template with the type of an argument whose type has no name.
pub fn instance_type<T: ?Sized>(key: &mut KeyWriter, _: &T) {
    instance_value(key, &type_name::<T>());
}

/// The cache of a function whose argument holds it.
#[inline]
pub fn own_cache<C: AsCache + ?Sized>(cache: &C) -> crate::Cache {
    cache.as_cache().clone()
}

/// A value in a key that is written by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a key, it does not display",
    label = "not `Display`",
    note = "name a part of it that displays, such as its id, or implement `std::fmt::Display`"
)]
pub trait Displayed: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> Displayed for T {}

/// Writes a value into a template, escaped.
#[inline]
pub fn placeholder<T: Displayed + ?Sized>(key: &mut KeyWriter, value: &T, reserved: &str) {
    key.placeholder(value, reserved);
}

/// Writes a value as it is.
#[inline]
pub fn raw<T: Displayed + ?Sized>(key: &mut KeyWriter, value: &T) {
    key.raw(value);
}

/// Keeps every value.
#[inline]
pub fn keep_all<V>(_: &V) -> bool {
    true
}

/// The default of cache and layers.
pub const DEFAULT_TTL: Option<Duration> = None;

/// The text of a key by hand.
///
/// # Panics
/// When the `Display` of a value failed, as `format!` does.
pub fn finish_key(key: KeyWriter) -> KeyText {
    match key.finish() {
        Ok(text) => text,
        Err(error) => panic!("a key could not be written: {error}"),
    }
}
