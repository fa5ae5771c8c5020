//! Arguments in short: what tells the calls of one function apart, without a text.
//!
//! Each value is a byte for its kind and its bytes; texts have their length in front. So the bytes can be read back, and
//! arguments whose texts differ never have the same. What is not made of plain values has none.

use std::fmt::{self, Display};

use serde::ser::{Impossible, Serialize, Serializer};

/// Up to 23 bytes, or 63, put together in numbers: written as bytes they would have to be read from memory that was written
/// another way a moment ago.
pub(super) struct Short<const N: usize> {
    /// Zero beyond `len`.
    words: [u64; N],
    /// More than the most when it did not fit.
    len: usize,
}

impl<const N: usize> Short<N> {
    /// The last byte is for the length.
    const MOST: usize = 8 * N - 1;

    #[inline]
    pub(super) fn new() -> Self {
        Self {
            words: [0; N],
            len: 0,
        }
    }

    #[inline]
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        if value.serialize(InShort(&mut *self)).is_err() {
            self.len = usize::MAX;
        }
    }

    /// It has no short form.
    pub(super) fn fail(&mut self) {
        self.len = usize::MAX;
    }

    /// The bytes and their length as numbers, which no text of a template gives.
    #[inline]
    pub(super) fn in_numbers(&self) -> Option<[u64; N]> {
        if self.len > Self::MOST {
            return None;
        }
        let mut words = self.words;
        words[N - 1] |= (self.len as u64 | 0x80) << 56;
        Some(words)
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
        if end > Self::MOST {
            return self.too_long();
        }
        let (word, shift) = (self.len / 8, 8 * (self.len % 8));
        self.words[word % N] |= bytes << shift;
        if shift > 0 && word < N - 1 {
            self.words[word + 1] |= bytes >> (64 - shift);
        }
        self.len = end;
        Ok(())
    }

    #[inline]
    fn push<const B: usize>(&mut self, kind: u8, bytes: [u8; B]) -> Result<(), TooLong> {
        self.put(kind.into(), 1)?;
        self.put_all(&bytes)
    }

    #[inline]
    fn push_all(&mut self, kind: u8, bytes: &[u8]) -> Result<(), TooLong> {
        let head = u64::from(kind) | (bytes.len() as u64) << 8;
        if self.len == 0 && bytes.len() <= 21 {
            // What comes first is in its place but for the two bytes in front of it.
            let [a, b, c] = three(bytes);
            let three = [head | a << 16, a >> 48 | b << 16, b >> 48 | c << 16];
            self.words[..3].copy_from_slice(&three);
            self.len = bytes.len() + 2;
            return Ok(());
        }
        if bytes.len() > Self::MOST {
            return self.too_long();
        }
        self.put(head, 2)?;
        self.put_all(bytes)
    }

    #[inline]
    fn put_all(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        while let Some((eight, rest)) = bytes.split_first_chunk() {
            self.put(u64::from_le_bytes(*eight), 8)?;
            bytes = rest;
        }
        self.put(fewer_than_eight(bytes), bytes.len())
    }
}

/// Up to 23 bytes as numbers. What is read twice is the same both times.
#[inline]
fn three(bytes: &[u8]) -> [u64; 3] {
    let number = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |it| u64::from_le_bytes(*it));
    let last = number(bytes.last_chunk());
    // Of the last eight only those that were not read before.
    let end = |count: usize| (last >> 8) >> (8 * (7 - count % 8));
    let first = number(bytes.first_chunk());
    match bytes.len() / 8 {
        0 => [fewer_than_eight(bytes), 0, 0],
        1 => [first, end(bytes.len() - 8), 0],
        _ => {
            let second = bytes.get(8..).and_then(<[u8]>::first_chunk);
            [first, number(second), end(bytes.len() - 16)]
        }
    }
}

#[inline]
fn fewer_than_eight(bytes: &[u8]) -> u64 {
    let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    let count = bytes.len();
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => four(first) | four(last) << (8 * (count - 4)),
        _ => {
            let one = |at: usize| bytes.get(at).map_or(0, |byte| u64::from(*byte) << (8 * at));
            one(0) | one(1) | one(2)
        }
    }
}

/// Where a name of the program is: another name is elsewhere, or of another length.
fn place(name: &'static str) -> [u8; 9] {
    let mut place = [0; 9];
    place[..8].copy_from_slice(&(name.as_ptr().addr() as u64).to_le_bytes());
    place[8] = name.len() as u8;
    place
}

struct InShort<'a, const N: usize>(&'a mut Short<N>);

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

impl<const N: usize> Serializer for InShort<'_, N> {
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
        value.serialize(self)
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
        value.serialize(self)
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
