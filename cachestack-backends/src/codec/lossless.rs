//! What the codecs that describe themselves would quietly turn into something else.
//!
//! JSON and msgpack write `None`, `()` and unit structs as one and the same nil, so `Some(None)` would come
//! back as `None`; JSON writes infinities and NaN as nil too. A value that holds one of these is refused
//! before it is written. The walk writes nothing and allocates nothing.
#![cfg_attr(
    not(any(feature = "json", feature = "msgpack")),
    allow(dead_code, reason = "only the codecs of these features need it")
)]

use std::fmt;

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// What a codec can tell apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Infinities and NaN are nil.
    finite_only: bool,
    /// Types that can be written for people are.
    human_readable: bool,
}

impl Limits {
    #[cfg(feature = "json")]
    pub(super) const JSON: Self = Self {
        finite_only: true,
        human_readable: true,
    };
    #[cfg(feature = "msgpack")]
    pub(super) const MSGPACK: Self = Self {
        finite_only: false,
        human_readable: false,
    };
}

/// Fails when the value would not come back as it is.
pub(super) fn check<T: Serialize + ?Sized>(value: &T, limits: Limits) -> Result<(), Loss> {
    value.serialize(Walk {
        limits,
        in_some: false,
    })
}

/// Why a value would come back as another.
#[derive(Debug)]
pub(super) struct Loss(String);

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Loss {}

impl serde::ser::Error for Loss {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[derive(Clone, Copy)]
struct Walk {
    limits: Limits,
    /// The value is directly inside of `Some`.
    in_some: bool,
}

impl Walk {
    fn nil(self, written: &str) -> Result<(), Loss> {
        match self.in_some {
            true => Err(Loss::custom(format_args!(
                "`Some({written})` would be read back as `None`"
            ))),
            false => Ok(()),
        }
    }

    fn number(self, finite: bool) -> Result<(), Loss> {
        match self.limits.finite_only && !finite {
            true => Err(Loss("it has no infinities and no NaN".into())),
            false => Ok(()),
        }
    }

    fn part<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Loss> {
        value.serialize(Self {
            in_some: false,
            ..self
        })
    }
}

macro_rules! fine {
    ($($method:ident($($type:ty),*);)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<(), Loss> {
            Ok(())
        }
    )*};
}

macro_rules! compound {
    ($($method:ident($($type:ty),*);)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<Self, Loss> {
            Ok(self)
        }
    )*};
}

impl Serializer for Walk {
    type Ok = ();
    type Error = Loss;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fine! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    compound! {
        serialize_seq(Option<usize>);
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_tuple_variant(&'static str, u32, &'static str, usize);
        serialize_map(Option<usize>);
        serialize_struct(&'static str, usize);
        serialize_struct_variant(&'static str, u32, &'static str, usize);
    }

    fn serialize_f32(self, value: f32) -> Result<(), Loss> {
        self.number(value.is_finite())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Loss> {
        self.number(value.is_finite())
    }

    fn serialize_none(self) -> Result<(), Loss> {
        self.nil("None")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Loss> {
        value.serialize(Self {
            in_some: true,
            ..self
        })
    }

    fn serialize_unit(self) -> Result<(), Loss> {
        self.nil("()")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Loss> {
        self.nil(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Loss> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Loss> {
        self.part(value)
    }

    fn is_human_readable(&self) -> bool {
        self.limits.human_readable
    }

    // `collect_str` would format the value only to throw the text away.
    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), Loss> {
        Ok(())
    }
}

macro_rules! parts {
    ($($trait:ident::$method:ident($($key:ty)?);)*) => {$(
        impl $trait for Walk {
            type Ok = ();
            type Error = Loss;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $key,)?
                value: &T,
            ) -> Result<(), Loss> {
                self.part(value)
            }

            fn end(self) -> Result<(), Loss> {
                Ok(())
            }
        }
    )*};
}

parts! {
    SerializeSeq::serialize_element();
    SerializeTuple::serialize_element();
    SerializeTupleStruct::serialize_field();
    SerializeTupleVariant::serialize_field();
    SerializeStruct::serialize_field(&'static str);
    SerializeStructVariant::serialize_field(&'static str);
}

impl SerializeMap for Walk {
    type Ok = ();
    type Error = Loss;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Loss> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Loss> {
        self.part(value)
    }

    fn end(self) -> Result<(), Loss> {
        Ok(())
    }
}
