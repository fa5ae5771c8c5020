//! Arguments in short: what tells the calls of one function apart, without a text.
//!
//! Each value is a byte for its kind and its bytes; texts have their length in front. So the bytes can be read back, and
//! arguments whose texts differ never have the same. What is not made of plain values has none.

use std::fmt::{self, Display};

use serde::ser::{Impossible, Serialize, Serializer};

/// The last byte is for the length.
const MOST: usize = 23;

/// Up to 23 bytes, put together in numbers: written as bytes they would have to be read from memory that was written
/// another way a moment ago.
pub(super) struct Short {
    /// Zero beyond `len`.
    words: [u64; 3],
    /// More than the most when it did not fit.
    len: usize,
}

impl Short {
    #[inline]
    pub(super) fn new() -> Self {
        Self {
            words: [0; 3],
            len: 0,
        }
    }

    #[inline]
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        if value.serialize(InShort(self)).is_err() {
            self.len = usize::MAX;
        }
    }

    /// The bytes and their length as numbers, which no text of a template gives.
    #[inline]
    pub(super) fn in_numbers(&self) -> Option<[u64; 3]> {
        if self.len > MOST {
            return None;
        }
        let [a, b, c] = self.words;
        Some([a, b, c | (self.len as u64 | 0x80) << 56])
    }

    /// For good, whatever becomes of the error.
    #[cold]
    fn too_long<T>(&mut self) -> Result<T, TooLong> {
        self.len = usize::MAX;
        Err(TooLong)
    }

    /// Up to 8 bytes; those above them are zero.
    #[inline]
    fn put(&mut self, bytes: u64, count: usize) -> Result<(), TooLong> {
        let end = self.len.saturating_add(count);
        if end > MOST {
            return self.too_long();
        }
        let (word, shift) = (self.len / 8, 8 * (self.len % 8));
        self.words[word % 3] |= bytes << shift;
        if shift > 0 && word < 2 {
            self.words[word + 1] |= bytes >> (64 - shift);
        }
        self.len = end;
        Ok(())
    }

    #[inline]
    fn push<const N: usize>(&mut self, kind: u8, bytes: [u8; N]) -> Result<(), TooLong> {
        self.put(kind.into(), 1)?;
        self.put_all(&bytes)
    }

    #[inline]
    fn push_all(&mut self, kind: u8, bytes: &[u8]) -> Result<(), TooLong> {
        if bytes.len() > MOST {
            return self.too_long();
        }
        self.put(u64::from(kind) | (bytes.len() as u64) << 8, 2)?;
        self.put_all(bytes)
    }

    #[inline]
    fn put_all(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        while let Some((eight, rest)) = bytes.split_first_chunk() {
            self.put(u64::from_le_bytes(*eight), 8)?;
            bytes = rest;
        }
        let mut number = 0;
        let mut at = 0;
        if let Some((four, rest)) = bytes.split_first_chunk() {
            number = u64::from(u32::from_le_bytes(*four));
            (at, bytes) = (4, rest);
        }
        if let Some((two, rest)) = bytes.split_first_chunk() {
            number |= u64::from(u16::from_le_bytes(*two)) << (8 * at);
            (at, bytes) = (at + 2, rest);
        }
        if let [one] = bytes {
            number |= u64::from(*one) << (8 * at);
            at += 1;
        }
        self.put(number, at)
    }
}

/// Where a name of the program is: another name is elsewhere, or of another length.
fn place(name: &'static str) -> [u8; 9] {
    let mut place = [0; 9];
    place[..8].copy_from_slice(&(name.as_ptr().addr() as u64).to_le_bytes());
    place[8] = name.len() as u8;
    place
}

struct InShort<'a>(&'a mut Short);

/// It has no short form.
#[derive(Debug)]
pub(super) struct TooLong;

impl Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it has no short form")
    }
}

impl std::error::Error for TooLong {}

impl serde::ser::Error for TooLong {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

type No = Impossible<(), TooLong>;

macro_rules! numbers {
    ($($name:ident: $type:ty = $kind:literal),+) => {
        $(
            #[inline]
            fn $name(self, value: $type) -> Result<(), TooLong> {
                self.0.push($kind, value.to_le_bytes())
            }
        )+
    };
}

impl Serializer for InShort<'_> {
    type Ok = ();
    type Error = TooLong;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    numbers!(
        serialize_i8: i8 = 1, serialize_i16: i16 = 2, serialize_i32: i32 = 3, serialize_i64: i64 = 4,
        serialize_i128: i128 = 5, serialize_u8: u8 = 6, serialize_u16: u16 = 7, serialize_u32: u32 = 8,
        serialize_u64: u64 = 9, serialize_u128: u128 = 10, serialize_f32: f32 = 11, serialize_f64: f64 = 12
    );

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), TooLong> {
        self.0.push(13, [u8::from(value)])
    }
    #[inline]
    fn serialize_char(self, value: char) -> Result<(), TooLong> {
        self.0.push(14, u32::from(value).to_le_bytes())
    }
    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), TooLong> {
        self.0.push_all(15, value.as_bytes())
    }
    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), TooLong> {
        self.0.push_all(16, value)
    }
    #[inline]
    fn serialize_none(self) -> Result<(), TooLong> {
        self.0.push(17, [])
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), TooLong> {
        self.0.push(18, [])?;
        value.serialize(Self(self.0))
    }
    #[inline]
    fn serialize_unit(self) -> Result<(), TooLong> {
        self.0.push(19, [])
    }
    #[inline]
    fn serialize_unit_struct(self, name: &'static str) -> Result<(), TooLong> {
        self.0.push(20, place(name))
    }
    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), TooLong> {
        self.0.push(21, place(name))?;
        self.0.push(22, place(variant))?;
        self.0.push(23, index.to_le_bytes())
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), TooLong> {
        self.0.push(24, place(name))?;
        value.serialize(Self(self.0))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), TooLong> {
        self.0.too_long()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<No, TooLong> {
        self.0.too_long()
    }
    fn serialize_tuple(self, _: usize) -> Result<No, TooLong> {
        self.0.too_long()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No, TooLong> {
        self.0.too_long()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No, TooLong> {
        self.0.too_long()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<No, TooLong> {
        self.0.too_long()
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<No, TooLong> {
        self.0.too_long()
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No, TooLong> {
        self.0.too_long()
    }
    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), TooLong> {
        self.0.too_long()
    }
    fn is_human_readable(&self) -> bool {
        true
    }
}
