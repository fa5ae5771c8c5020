//! The door for codecs of the user's own.

use std::error::Error as StdError;

/// A codec of your own, for [`Codec::custom`](super::Codec::custom).
///
/// Values come as `erased_serde` trait objects, so one serializer serves every type. Return errors freely:
/// one while writing is an error of that `set`, one while reading is a counted miss.
pub trait Serializer: Send + Sync + 'static {
    /// The name stored with every entry, the same for ever: an entry under another name is a miss. Use
    /// letters, digits, `-`, `_` and `.`; other characters are escaped.
    fn name(&self) -> &str;

    /// Whether its bytes say what they hold, as JSON does and postcard does not. A serializer that does
    /// not describe itself is given only values that match what their type reads.
    fn is_self_describing(&self) -> bool;

    /// Writes a value behind what `out` holds already.
    ///
    /// # Errors
    /// When the value cannot be written.
    fn serialize(
        &self,
        value: &dyn erased_serde::Serialize,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>>;

    /// Calls `read` once with a deserializer over `bytes`, and refuses bytes that are left over.
    ///
    /// # Errors
    /// When the bytes are not what [`serialize`](Self::serialize) writes.
    fn deserialize(
        &self,
        bytes: &[u8],
        read: &mut dyn FnMut(
            &mut dyn erased_serde::Deserializer<'_>,
        ) -> Result<(), erased_serde::Error>,
    ) -> Result<(), Box<dyn StdError + Send + Sync>>;
}
