//! What a stack knows of a value's type: how to recognise, encode and decode it.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::AnyValue;
use crate::codec::{Codec, DecodeError};
use crate::error::Result;
use crate::fingerprint::{self, Traced};
use crate::generation::Number;

/// A value that every store can keep: serde writes and reads it, and threads may share it.
///
/// Implemented for every type that has the parts; there is nothing to write by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached: it must be `Serialize + DeserializeOwned + Clone + Send + Sync + 'static`",
    label = "this value cannot be stored",
    note = "derive `serde::Serialize`, `serde::Deserialize` and `Clone` on `{Self}` and on what it contains; what a \
            cached function keeps in memory only, by `#[cached(local)]`, needs `Clone + Send + Sync + 'static` alone"
)]
pub trait CacheValue: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> CacheValue for T {}

/// The descriptor of a value's type, which travels with reads and writes through a stack.
///
/// It lets a store that keeps bytes encode and decode a value it knows nothing of, and lets every store
/// tell whether what it holds is what the reader wants.
pub struct ValueType {
    id: fn() -> TypeId,
    name: fn() -> &'static str,
    serde: Option<Serde>,
    /// Whether [`Absent`] is an answer too.
    maybe: bool,
}

struct Serde {
    trace: fn() -> Arc<Traced>,
    encode: fn(&dyn Any, &Codec, &mut Vec<u8>) -> Result<()>,
    decode: fn(&[u8], &Codec) -> Result<AnyValue, DecodeError>,
}

impl ValueType {
    /// The descriptor of `T`. Every [`CacheValue`] has one; values that are shared and never copied need no
    /// `Clone`.
    pub const fn of<T: Serialize + DeserializeOwned + Send + Sync + 'static>() -> &'static Self {
        const { &Self::new::<T>(Some(Serde::of::<T>()), false) }
    }

    /// The descriptor of a type that only memory can keep: no serde is asked of it.
    pub const fn local<T: Send + Sync + 'static>() -> &'static Self {
        const { &Self::new::<T>(None, false) }
    }

    /// The same descriptor as [`of`](Self::of), for a look-up to which [`Absent`] is an answer too.
    pub const fn maybe<T: Serialize + DeserializeOwned + Send + Sync + 'static>() -> &'static Self {
        const { &Self::new::<T>(Some(Serde::of::<T>()), true) }
    }

    /// The same as [`local`](Self::local), for a look-up to which [`Absent`] is an answer too.
    pub const fn local_maybe<T: Send + Sync + 'static>() -> &'static Self {
        const { &Self::new::<T>(None, true) }
    }

    const fn new<T: 'static>(serde: Option<Serde>, maybe: bool) -> Self {
        Self {
            id: TypeId::of::<T>,
            name: type_name::<T>,
            serde,
            maybe,
        }
    }

    /// The type itself.
    pub fn id(&self) -> TypeId {
        (self.id)()
    }

    /// The type's name, for people.
    pub fn name(&self) -> &'static str {
        (self.name)()
    }

    /// Whether only stores that keep typed values can hold it.
    pub fn is_local(&self) -> bool {
        self.serde.is_none()
    }

    /// Whether `value` is of this type.
    #[inline]
    pub fn describes(&self, value: &AnyValue) -> bool {
        (**value).type_id() == self.id() || self.takes(value)
    }

    /// Whether `value` is an answer although it is of another type.
    #[cold]
    fn takes(&self, value: &AnyValue) -> bool {
        self.is_whatever() || (self.maybe && value.is::<Absent>())
    }

    /// Whether it is that of [`Absent`].
    pub(crate) fn is_absent(&self) -> bool {
        self.id() == TypeId::of::<Absent>()
    }

    /// Whether [`Absent`] is an answer to a look-up.
    pub(crate) fn takes_absence(&self) -> bool {
        self.maybe
    }

    /// Asks for an entry of any type, for its times and what it depends on: its value is not decoded.
    pub(crate) const WHATEVER: &'static Self = Self::of::<Whatever>();

    pub(crate) fn is_whatever(&self) -> bool {
        self.id() == TypeId::of::<Whatever>()
    }

    /// Whether a look-up is one by a user, to be counted.
    pub(crate) fn is_counted(&self) -> bool {
        !self.is_number() && !self.is_whatever()
    }

    /// Whether it is the number of a generation: kept where entries leave the process, never in memory, and
    /// not counted.
    pub(crate) fn is_number(&self) -> bool {
        self.id() == TypeId::of::<Number>()
    }

    pub(crate) fn trace(&self) -> Option<Arc<Traced>> {
        self.serde.as_ref().map(|serde| (serde.trace)())
    }

    pub(crate) fn encode(&self, value: &AnyValue, codec: &Codec, out: &mut Vec<u8>) -> Result<()> {
        match &self.serde {
            Some(serde) => (serde.encode)(&**value, codec, out),
            None => Err(crate::codec::cannot_leave_memory(self.name())),
        }
    }

    pub(crate) fn decode(&self, bytes: &[u8], codec: &Codec) -> Result<AnyValue, DecodeError> {
        match &self.serde {
            Some(serde) => (serde.decode)(bytes, codec),
            None => Err(DecodeError::new("the type is kept in memory only")),
        }
    }
}

impl Serde {
    const fn of<T: Serialize + DeserializeOwned + Send + Sync + 'static>() -> Self {
        Self {
            trace: fingerprint::trace::<T>,
            encode: encode::<T>,
            decode: decode::<T>,
        }
    }
}

fn encode<T: Serialize + DeserializeOwned + 'static>(
    value: &dyn Any,
    codec: &Codec,
    out: &mut Vec<u8>,
) -> Result<()> {
    match value.downcast_ref::<T>() {
        Some(value) => codec.encode(value, out),
        None => Err(crate::codec::not_as_described(type_name::<T>())),
    }
}

fn decode<T: DeserializeOwned + Send + Sync + 'static>(
    bytes: &[u8],
    codec: &Codec,
) -> Result<AnyValue, DecodeError> {
    Ok(Arc::new(codec.decode::<T>(bytes)?))
}

/// Stands in an entry for what is known not to be there, whatever its type would be.
///
/// It is no value of any other type, so who looks for one finds nothing and may compute it; a look-up with a
/// descriptor of [`ValueType::maybe`] finds it. Stores that keep bytes mark the entry as one of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent;

/// Stands for a value that nobody looks at.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Whatever;

impl fmt::Debug for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValueType({})", self.name())
    }
}
