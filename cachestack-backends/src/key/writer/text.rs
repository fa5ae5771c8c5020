//! What a writer gives: a finished text, or an error.

use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::ser;

use super::bytes::Bytes;

/// The finished text of a key: up to 128 bytes inline, longer ones on the heap.
///
/// It dereferences to `str`, is compared and hashed like one, and is read without allocation. `Debug` tells its
/// length only.
#[derive(Clone)]
pub struct KeyText(pub(super) Bytes);

impl KeyText {
    /// `bytes` are UTF-8.
    #[inline]
    pub(super) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The text. It is checked to be UTF-8 each time; where bytes serve, [`as_bytes`](Self::as_bytes) is free.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match std::str::from_utf8(self.as_bytes()) {
            Ok(text) => text,
            Err(_) => unreachable!("a key is written from whole texts"),
        }
    }

    /// The UTF-8 bytes of the text.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// A text of up to 23 bytes as three numbers, which no other text has.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn in_numbers(&self) -> Option<[u64; 3]> {
        self.0.in_numbers()
    }

    /// The same for up to 63 bytes.
    #[doc(hidden)]
    #[must_use]
    pub fn in_more_numbers(&self) -> Option<[u64; 8]> {
        self.0.in_numbers()
    }

    /// The text as a `String`; allocates if it was inline.
    #[must_use]
    pub fn into_string(self) -> String {
        match String::from_utf8(self.0.into_vec()) {
            Ok(text) => text,
            Err(_) => unreachable!("a key is written from whole texts"),
        }
    }
}

impl Deref for KeyText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for KeyText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for KeyText {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for KeyText {}

impl Hash for KeyText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyText")
            .field("len", &self.as_bytes().len())
            .finish_non_exhaustive()
    }
}

/// Why a key could not be written: what the `Serialize` or `Display` implementation of an argument said.
///
/// `Display` is one line. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError(Arc<str>);

impl KeyError {
    #[cold]
    pub(super) fn new(message: &str) -> Self {
        Self(message.into())
    }

    #[cold]
    pub(super) fn display() -> Self {
        Self::new("a `Display` implementation returned an error")
    }
}

impl Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

impl ser::Error for KeyError {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string().replace(char::is_control, " ").into())
    }
}
