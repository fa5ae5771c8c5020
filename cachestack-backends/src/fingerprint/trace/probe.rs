//! The recording deserializer.

use serde::Deserializer;
use serde::de::Visitor;
use serde::de::value::{MapDeserializer, SeqDeserializer};

use super::super::shape::{Head, Leaf, Names, NodeId, Why};
use super::access::{Choice, Entries, Repeat};
use super::plan::Pick;
use super::samples::{ANYTHING, BOOLS, BYTES, CHARS, FLOATS, INTEGERS, LENGTHS, STRINGS};
use super::slot::Place;
use super::tracer::Tracer;
use super::{MAX_TUPLE, Refusal};

/// Answers one read at one place.
pub(super) struct Probe<'t> {
    tracer: &'t mut Tracer,
    id: NodeId,
}

impl<'t> Probe<'t> {
    pub(super) fn new(tracer: &'t mut Tracer, id: NodeId) -> Self {
        Self { tracer, id }
    }

    fn leaf<T>(
        self,
        head: Head,
        samples: usize,
        visit: impl FnOnce(usize) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let sample = self.tracer.leaf(self.id, head, samples)?;
        let outcome = visit(sample);
        if outcome.is_err() {
            self.tracer.refuse(self.id, sample);
        }
        outcome
    }

    fn row<'de, V: Visitor<'de>>(self, head: Head, visitor: V) -> Result<V::Value, Refusal> {
        self.tracer.within::<V, _>(self.id, head, |tracer, id| {
            tracer.row(Place { id, arm: None }, visitor)
        })
    }

    /// Offers what `deserialize_any` might meet.
    fn anything<'de, V: Visitor<'de>>(self, why: Why, visitor: V) -> Result<V::Value, Refusal> {
        let nothing = std::iter::empty::<&str>();
        let no_entry = std::iter::empty::<(&str, &str)>();
        self.leaf(Head::Opaque(why), ANYTHING, |sample| match sample {
            0 => visitor.visit_unit(),
            1 => visitor.visit_u64(1),
            2 => visitor.visit_borrowed_str("1"),
            3 => visitor.visit_bool(true),
            4 => visitor.visit_f64(1.0),
            5 => visitor.visit_borrowed_str("a"),
            6 => visitor.visit_seq(SeqDeserializer::new(nothing)),
            _ => visitor.visit_map(MapDeserializer::new(no_entry)),
        })
    }
}

macro_rules! integers {
    ($($deserialize:ident $visit:ident $leaf:ident $ty:ty,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            self.leaf(Head::Leaf(Leaf::$leaf), INTEGERS.len(), |sample| {
                match <$ty>::try_from(INTEGERS[sample]) {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(Refusal),
                }
            })
        }
    )*};
}

macro_rules! samples {
    ($($deserialize:ident $visit:ident $leaf:ident $samples:ident,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            self.leaf(Head::Leaf(Leaf::$leaf), $samples.len(), |sample| {
                visitor.$visit($samples[sample].into())
            })
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Refusal;

    integers! {
        deserialize_i8 visit_i8 I8 i8,
        deserialize_i16 visit_i16 I16 i16,
        deserialize_i32 visit_i32 I32 i32,
        deserialize_i64 visit_i64 I64 i64,
        deserialize_i128 visit_i128 I128 i128,
        deserialize_u8 visit_u8 U8 u8,
        deserialize_u16 visit_u16 U16 u16,
        deserialize_u32 visit_u32 U32 u32,
        deserialize_u64 visit_u64 U64 u64,
        deserialize_u128 visit_u128 U128 u128,
    }

    samples! {
        deserialize_bool visit_bool Bool BOOLS,
        deserialize_f32 visit_f32 F32 FLOATS,
        deserialize_f64 visit_f64 F64 FLOATS,
        deserialize_char visit_char Char CHARS,
        deserialize_str visit_borrowed_str Str STRINGS,
        deserialize_string visit_borrowed_str Str STRINGS,
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.leaf(Head::Leaf(Leaf::Bytes), LENGTHS.len(), |sample| {
            visitor.visit_borrowed_bytes(&BYTES[..LENGTHS[sample]])
        })
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.leaf(Head::Leaf(Leaf::Unit), 1, |_| visitor.visit_unit())
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.leaf(Head::UnitStruct(name), 1, |_| visitor.visit_unit())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Self { tracer, id } = self;
        tracer.within::<V, _>(id, Head::Option, |tracer, id| {
            if !tracer.is_some(id) {
                return visitor.visit_none();
            }
            match tracer.slots[id].children.first().copied() {
                Some(child) => tracer.probe(child, |probe| visitor.visit_some(probe)),
                None => tracer.give_up(),
            }
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let Self { tracer, id } = self;
        tracer.within::<V, _>(id, Head::Newtype(name), |tracer, id| {
            match tracer.slots[id].children.first().copied() {
                Some(child) => tracer.probe(child, |probe| visitor.visit_newtype_struct(probe)),
                None => tracer.give_up(),
            }
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Self { tracer, id } = self;
        tracer.within::<V, _>(id, Head::Seq, |tracer, id| {
            let mut left = tracer.count(id);
            visitor.visit_seq(Repeat {
                place: tracer.slots[id].children.first().copied(),
                tracer,
                left: &mut left,
            })
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        if len <= MAX_TUPLE {
            return self.row(Head::Tuple(len), visitor);
        }
        let Self { tracer, id } = self;
        tracer.within::<V, _>(id, Head::Array(len), |tracer, id| {
            let mut left = len;
            let outcome = visitor.visit_seq(Repeat {
                place: tracer.slots[id].children.first().copied(),
                tracer,
                left: &mut left,
            });
            if outcome.is_ok() && left > 0 {
                return tracer.opaque(id, Why::Varies);
            }
            outcome
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.row(Head::TupleStruct(name, len), visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Self { tracer, id } = self;
        tracer.within::<V, _>(id, Head::Map, |tracer, id| {
            visitor.visit_map(Entries {
                left: tracer.count(id),
                tracer,
                map: id,
            })
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: Names,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.row(Head::Struct(name, fields), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: Names,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let Self { tracer, id } = self;
        tracer.within::<V, _>(id, Head::Enum(name, names), |tracer, id| {
            let pick = tracer.pick(id)?;
            let index = match pick {
                Pick::Index(index) => index,
                Pick::Name(_) => usize::MAX,
            };
            let outcome = visitor.visit_enum(Choice {
                tracer,
                id,
                names,
                pick,
            });
            if outcome.is_err() {
                tracer.refused_variant(id, index);
            }
            outcome
        })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refusal> {
        let id = self.tracer.resolve(self.id);
        self.tracer.opaque(id, Why::Identifier)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.anything(Why::Any, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.anything(Why::IgnoredAny, visitor)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
