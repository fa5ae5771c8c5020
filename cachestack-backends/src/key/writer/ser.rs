//! The serializer of one value.

use std::any;
use std::fmt::{self, Display, Write};

use serde::{Serialize, Serializer};

use super::buffer::Buffer;
use super::compound::{Fields, List, Map, Tuple};
use super::names::{self, Inside};
use super::sets;
use super::text::KeyError;

const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes one value into a buffer.
pub(super) struct ValueSerializer<'a> {
    out: &'a mut Buffer,
    /// The value's type. It is looked at for sequences only, so that other values do not pay for it.
    type_name: &'static str,
}

impl<'a> ValueSerializer<'a> {
    /// A serializer for one value of type `T`.
    #[inline]
    pub(super) fn new<T: ?Sized>(out: &'a mut Buffer) -> Self {
        Self {
            out,
            type_name: any::type_name::<T>(),
        }
    }

    #[inline]
    fn text(self, text: &str) -> Result<(), KeyError> {
        self.out.text(text);
        Ok(())
    }

    #[inline]
    fn integer(self, value: impl itoa::Integer, suffix: &str) -> Result<(), KeyError> {
        self.out.integer(value, suffix);
        Ok(())
    }

    #[inline]
    fn formatted(self, text: fmt::Arguments<'_>) -> Result<(), KeyError> {
        self.out.write_fmt(text).map_err(|_| KeyError::display())
    }

    #[inline]
    fn payload<T: Serialize + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.out.push(b'(');
        self.out.value(value)?;
        self.out.push(b')');
        Ok(())
    }
}

impl<'a> Serializer for ValueSerializer<'a> {
    type Ok = ();
    type Error = KeyError;
    type SerializeSeq = List<'a>;
    type SerializeTuple = Tuple<'a>;
    type SerializeTupleStruct = Tuple<'a>;
    type SerializeTupleVariant = Tuple<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), KeyError> {
        self.text(if value { "true" } else { "false" })
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<(), KeyError> {
        self.integer(value, "i8")
    }

    #[inline]
    fn serialize_i16(self, value: i16) -> Result<(), KeyError> {
        self.integer(value, "i16")
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Result<(), KeyError> {
        self.integer(value, "i32")
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), KeyError> {
        self.integer(value, "i64")
    }

    #[inline]
    fn serialize_i128(self, value: i128) -> Result<(), KeyError> {
        self.integer(value, "i128")
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), KeyError> {
        self.integer(value, "u8")
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Result<(), KeyError> {
        self.integer(value, "u16")
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Result<(), KeyError> {
        self.integer(value, "u32")
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), KeyError> {
        self.integer(value, "u64")
    }

    #[inline]
    fn serialize_u128(self, value: u128) -> Result<(), KeyError> {
        self.integer(value, "u128")
    }

    fn serialize_f32(self, value: f32) -> Result<(), KeyError> {
        if value.is_nan() {
            self.formatted(format_args!("NaN({:08x})f32", value.to_bits()))
        } else {
            self.formatted(format_args!("{value:?}f32"))
        }
    }

    fn serialize_f64(self, value: f64) -> Result<(), KeyError> {
        if value.is_nan() {
            self.formatted(format_args!("NaN({:016x})f64", value.to_bits()))
        } else {
            self.formatted(format_args!("{value:?}f64"))
        }
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), KeyError> {
        names::quoted(self.out, b'\'', value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), KeyError> {
        names::quoted(self.out, b'"', value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), KeyError> {
        self.out.text("b\"");
        for &byte in value {
            self.out.hex(byte, LOWER_HEX);
        }
        self.text("\"")
    }

    #[inline]
    fn serialize_none(self) -> Result<(), KeyError> {
        self.text("None")
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.out.text("Some");
        self.payload(value)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), KeyError> {
        self.text("()")
    }

    #[inline]
    fn serialize_unit_struct(self, name: &'static str) -> Result<(), KeyError> {
        names::type_name(self.out, name);
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), KeyError> {
        names::variant(self.out, name, index, variant);
        Ok(())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        names::type_name(self.out, name);
        self.payload(value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        names::variant(self.out, name, index, variant);
        self.payload(value)
    }

    #[inline]
    fn serialize_seq(self, _len: Option<usize>) -> Result<List<'a>, KeyError> {
        Ok(if sets::is_set(self.type_name) {
            List::set(self.out)
        } else {
            List::sequence(self.out)
        })
    }

    #[inline]
    fn serialize_tuple(self, _len: usize) -> Result<Tuple<'a>, KeyError> {
        Ok(Tuple::new(self.out))
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _len: usize,
    ) -> Result<Tuple<'a>, KeyError> {
        names::type_name(self.out, name);
        Ok(Tuple::new(self.out))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Tuple<'a>, KeyError> {
        names::variant(self.out, name, index, variant);
        Ok(Tuple::new(self.out))
    }

    #[inline]
    fn serialize_map(self, _len: Option<usize>) -> Result<Map<'a>, KeyError> {
        Ok(Map::new(self.out))
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Fields<'a>, KeyError> {
        names::type_name(self.out, name);
        Ok(Fields::new(self.out))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Fields<'a>, KeyError> {
        names::variant(self.out, name, index, variant);
        Ok(Fields::new(self.out))
    }

    /// Writes what `serialize_str` would write of the displayed text, without making a `String` of it.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.out.push(b'"');
        let mut inside = Inside {
            out: self.out,
            quote: b'"',
        };
        write!(inside, "{value}").map_err(|_| KeyError::display())?;
        self.text("\"")
    }

    /// Dates, addresses and their like are written as people read them.
    #[inline]
    fn is_human_readable(&self) -> bool {
        true
    }
}
