//! Names for the attributes' expansion. Not for use by hand: they change without notice.

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
