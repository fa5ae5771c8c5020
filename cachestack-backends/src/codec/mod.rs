//! How values become bytes for the stores that need them, and come back.

mod envelope;
mod lossless;
mod serializer;

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, ErrorKind, Result};

pub use self::envelope::{Opened, Rejected, Sealed};
pub use self::serializer::Serializer;

/// The way values are written as bytes, chosen for each backend.
///
/// | codec | feature | describes itself | for |
/// |---|---|---|---|
/// | [`Postcard`](Self::Postcard), the default | | no | most types, smallest and fastest |
/// | `Json` | `json` | yes | files that people read, `serde_json::Value` |
/// | `Msgpack` | `msgpack` | yes | compact, any type that names its fields |
///
/// A type that a codec cannot carry without loss is an error when it is *set*, never a wrong value when it
/// is read: postcard refuses untagged, internally and adjacently tagged enums, `flatten`, skipped fields
/// and `serde_json::Value`; JSON and msgpack refuse `Some(None)` and `Some(())`, JSON also infinities, NaN
/// and map keys that are not strings, numbers, characters or booleans.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Codec {
    /// `postcard`: compact, field names are not stored.
    #[default]
    Postcard,
    /// JSON by `serde_json`.
    #[cfg(feature = "json")]
    Json,
    /// MessagePack by `rmp-serde`, structs as maps with field names.
    #[cfg(feature = "msgpack")]
    Msgpack,
    /// A serializer of your own; see [`Codec::custom`].
    Custom(Arc<dyn Serializer>),
}

impl Codec {
    /// A codec of your own.
    pub fn custom(serializer: impl Serializer) -> Self {
        Self::Custom(Arc::new(serializer))
    }

    /// The name that is stored with every entry.
    pub fn name(&self) -> &str {
        match self {
            Self::Postcard => "postcard",
            #[cfg(feature = "json")]
            Self::Json => "json",
            #[cfg(feature = "msgpack")]
            Self::Msgpack => "msgpack",
            Self::Custom(serializer) => serializer.name(),
        }
    }

    /// Writes the payload of a value behind what `out` holds already.
    ///
    /// # Errors
    /// [`Serialization`](ErrorKind::Serialization) when the codec cannot carry the value; the message
    /// names the type, the reason and the codecs that can.
    pub fn encode<T>(&self, value: &T, out: &mut Vec<u8>) -> Result<()>
    where
        T: Serialize + DeserializeOwned + 'static,
    {
        let written = match self {
            Self::Postcard => encode_postcard(value, out),
            #[cfg(feature = "json")]
            Self::Json => lossless::check(value, lossless::Limits::JSON)
                .map_err(Refused::loss)
                .and_then(|()| serde_json::to_writer(out, value).map_err(Refused::source)),
            #[cfg(feature = "msgpack")]
            Self::Msgpack => lossless::check(value, lossless::Limits::MSGPACK)
                .map_err(Refused::loss)
                .and_then(|()| {
                    value
                        .serialize(&mut rmp_serde::Serializer::new(out).with_struct_map())
                        .map_err(Refused::source)
                }),
            Self::Custom(serializer) => encode_custom(&**serializer, value, out),
        };
        written.map_err(|refused| refused.of::<T>(self))
    }

    /// Reads a payload that [`encode`](Self::encode) of the same codec and type wrote.
    ///
    /// # Errors
    /// When the bytes are not such a payload, or hold more than one.
    pub fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, DecodeError> {
        match self {
            Self::Postcard => match postcard::take_from_bytes(bytes) {
                Ok((value, [])) => Ok(value),
                Ok(_) => Err(DecodeError::new("bytes are left over")),
                Err(error) => Err(DecodeError::new(error)),
            },
            #[cfg(feature = "json")]
            Self::Json => serde_json::from_slice(bytes).map_err(DecodeError::new),
            #[cfg(feature = "msgpack")]
            Self::Msgpack => decode_msgpack(bytes),
            Self::Custom(serializer) => decode_custom(&**serializer, bytes),
        }
    }
}

fn encode_postcard<T>(value: &T, out: &mut Vec<u8>) -> Result<(), Refused>
where
    T: Serialize + DeserializeOwned + 'static,
{
    check_shape(value)?;
    postcard::to_extend(value, std::mem::take(out))
        .map(|written| *out = written)
        .map_err(Refused::source)
}

/// Refuses what a codec that does not describe itself would read back as something else.
fn check_shape<T>(value: &T) -> Result<(), Refused>
where
    T: Serialize + DeserializeOwned + 'static,
{
    let traced = crate::fingerprint::trace::<T>();
    if let Some(reason) = traced.needs_self_describing() {
        return Err(Refused::because(reason));
    }
    traced
        .fit(value)
        .map_err(|misfit| Refused::because(&misfit.to_string()))
}

#[cfg(feature = "msgpack")]
fn decode_msgpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut rest = bytes;
    let value =
        T::deserialize(&mut rmp_serde::Deserializer::new(&mut rest)).map_err(DecodeError::new)?;
    match rest {
        [] => Ok(value),
        _ => Err(DecodeError::new("bytes are left over")),
    }
}

fn encode_custom<T>(
    serializer: &dyn Serializer,
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), Refused>
where
    T: Serialize + DeserializeOwned + 'static,
{
    if !serializer.is_self_describing() {
        check_shape(value)?;
    }
    serializer.serialize(value, out).map_err(|source| Refused {
        reason: "the serializer refused it".into(),
        source: Some(source),
    })
}

fn decode_custom<T: DeserializeOwned>(
    serializer: &dyn Serializer,
    bytes: &[u8],
) -> Result<T, DecodeError> {
    let mut value = None;
    serializer
        .deserialize(bytes, &mut |deserializer| {
            value = Some(erased_serde::deserialize(deserializer)?);
            Ok(())
        })
        .map_err(DecodeError::new)?;
    value.ok_or_else(|| DecodeError::new("the serializer did not read a value"))
}

/// By its name: `"postcard"`, `"json"` or `"msgpack"`, as far as their features are enabled.
impl<'de> Deserialize<'de> for Codec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let known = [
            Self::Postcard,
            #[cfg(feature = "json")]
            Self::Json,
            #[cfg(feature = "msgpack")]
            Self::Msgpack,
        ];
        let name = String::deserialize(deserializer)?;
        if let Some(codec) = known.iter().find(|codec| codec.name() == name) {
            return Ok(codec.clone());
        }
        let names: Vec<String> = known.iter().map(|it| format!("`{}`", it.name())).collect();
        Err(serde::de::Error::custom(format!(
            "unknown serializer `{name}`; with the enabled features it may be {}",
            names.join(" or ")
        )))
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Codec({})", self.name())
    }
}

/// Why a codec did not take a value, before the type's name is known.
struct Refused {
    reason: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Refused {
    fn because(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            source: None,
        }
    }

    #[cfg(any(feature = "json", feature = "msgpack"))]
    fn loss(loss: lossless::Loss) -> Self {
        Self::because(&loss.to_string())
    }

    fn source(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            reason: "the codec refused it".into(),
            source: Some(Box::new(source)),
        }
    }

    fn of<T>(self, codec: &Codec) -> Error {
        let others = match codec {
            Codec::Postcard => {
                "`Codec::Json` (feature `json`) or `Codec::Msgpack` (feature `msgpack`)"
            }
            #[cfg(feature = "json")]
            Codec::Json => "`Codec::Postcard` or `Codec::Msgpack` (feature `msgpack`)",
            #[cfg(feature = "msgpack")]
            Codec::Msgpack => "`Codec::Postcard` or `Codec::Json` (feature `json`)",
            Codec::Custom(_) => "a built-in codec",
        };
        let message = format!(
            "{} cannot carry `{}`: {}; use {others} on this backend",
            codec.name(),
            std::any::type_name::<T>(),
            self.reason,
        );
        let error = Error::new(ErrorKind::Serialization, message);
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// A value that was declared `local` came to a store that keeps bytes.
pub(crate) fn cannot_leave_memory(type_name: &str) -> Error {
    let message = format!("`{type_name}` is kept in memory only, it has no serialised form");
    Error::new(ErrorKind::Serialization, message)
}

/// An entry's value is not of the type its descriptor names.
pub(crate) fn not_as_described(type_name: &str) -> Error {
    let message = format!("the entry's value is not the `{type_name}` that it is said to be");
    Error::new(ErrorKind::Serialization, message)
}

/// Why bytes could not be read as a value. Such an entry is a miss.
#[derive(Debug)]
pub struct DecodeError(Box<dyn std::error::Error + Send + Sync>);

impl DecodeError {
    /// A failure with its reason.
    pub fn new(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot be decoded: {}", self.0)
    }
}

impl std::error::Error for DecodeError {}
