//! The bytes of a key while it is written, and the first error met.

use std::fmt;

use serde::Serialize;

use super::bytes::Bytes;
use super::ser::ValueSerializer;
use super::text::{KeyError, KeyText};

/// What is written is UTF-8: only whole texts are added, and only whole entries are moved.
pub(super) struct Buffer {
    text: KeyText,
    error: Option<KeyError>,
}

impl Buffer {
    #[inline]
    pub(super) fn new() -> Self {
        Self {
            text: KeyText::new(Bytes::new()),
            error: None,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.text.0.as_slice().len()
    }

    /// Writes one ASCII character.
    #[inline]
    pub(super) fn push(&mut self, ascii: u8) {
        debug_assert!(ascii.is_ascii());
        self.text.0.push(ascii);
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.text.0.extend(text.as_bytes());
    }

    #[inline]
    pub(super) fn integer(&mut self, value: impl itoa::Integer, suffix: &str) {
        self.text(itoa::Buffer::new().format(value));
        self.text(suffix);
    }

    /// Writes two hexadecimal digits out of `digits`.
    #[inline]
    pub(super) fn hex(&mut self, byte: u8, digits: &[u8; 16]) {
        self.push(digits[usize::from(byte >> 4)]);
        self.push(digits[usize::from(byte & 0xf)]);
    }

    /// Writes a value in the canonical form.
    ///
    /// An error is kept here as well, so that a `Serialize` implementation that passes over it cannot make a key of a
    /// text that is cut short.
    #[inline]
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        let result = value.serialize(ValueSerializer::new::<T>(self));
        if let Err(error) = &result {
            self.fail(error.clone());
        }
        result
    }

    /// Keeps the first error.
    #[cold]
    pub(super) fn fail(&mut self, error: KeyError) {
        self.error.get_or_insert(error);
    }

    #[inline]
    pub(super) fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.0.as_slice()
    }

    /// Writes `bytes`, a permutation of the whole entries from `start` on, in their place.
    pub(super) fn replace_from(&mut self, start: usize, bytes: &[u8]) {
        self.text.0.truncate(start);
        self.text.0.extend(bytes);
    }

    /// What is written so far, unless there is an error.
    #[inline]
    pub(super) fn written(&self) -> Result<&KeyText, &KeyError> {
        match &self.error {
            None => Ok(&self.text),
            Some(error) => Err(error),
        }
    }

    #[inline]
    pub(super) fn finish(self) -> Result<KeyText, KeyError> {
        match self.error {
            None => Ok(self.text),
            Some(error) => Err(error),
        }
    }
}

impl fmt::Write for Buffer {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}
