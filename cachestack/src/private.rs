//! Names for the attributes' expansion. Not for use by hand: they change without notice.

use std::fmt::Display;

pub use cachestack_backends::{CacheValue, KeyError, KeyText, KeyWriter};

pub use crate::function::{
    AsCache, CachedEntry, Call, Doomed, Fails, Fallible, KeyArgument, OfFallible, OfOther,
    OfShareable, OfUnshareable, Plain, Shape, Share, Shared, Site, Tag, Target, Unshared,
    call_async, call_sync, entry_of_return, entry_of_value, invalidate_async, invalidate_sync,
};

/// Writes one argument into a key.
#[inline]
pub fn argument<T: KeyArgument + ?Sized>(key: &mut KeyWriter, value: &T) {
    key.argument(value);
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

/// Fails to compile where the value of a function cannot be kept.
#[inline]
pub fn check_value<R, S: Shape<R, Value: CacheValue>>(_: S, _: &Tag<R>) {}

/// Keeps every value.
#[inline]
pub fn keep_all<V>(_: &V) -> bool {
    true
}

/// Starts the key of a function whose values have a version.
pub fn versioned(identity: &str, version: &str) -> KeyWriter {
    KeyWriter::function(&format!("{identity}{version}"))
}

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
