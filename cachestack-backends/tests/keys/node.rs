//! A value for each thing that `Serialize` can say.

use std::collections::HashSet;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// Serde wants names that live for ever.
pub(crate) type Name = &'static str;

/// An enum's name, the index of a variant and its name.
pub(crate) type Variant = (Name, u32, Name);

/// Floats are kept by their bits, so that equality is what keys must tell apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Node {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(u32),
    F64(u64),
    Char(char),
    Str(String),
    Bytes(Vec<u8>),
    Unit,
    None,
    Some(Box<Node>),
    /// An option that holds a `HashSet`, because a node itself is never taken for one.
    SomeSet(Vec<Node>),
    Seq(Vec<Node>),
    Tuple(Vec<Node>),
    Map(Vec<(Node, Node)>),
    UnitStruct(Name),
    NewtypeStruct(Name, Box<Node>),
    TupleStruct(Name, Vec<Node>),
    Struct(Name, Vec<(Name, Node)>),
    UnitVariant(Variant),
    NewtypeVariant(Variant, Box<Node>),
    TupleVariant(Variant, Vec<Node>),
    StructVariant(Variant, Vec<(Name, Node)>),
}

pub(crate) fn name(text: &str) -> Name {
    Box::leak(Box::from(text))
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Bool(v) => s.serialize_bool(*v),
            Node::I8(v) => s.serialize_i8(*v),
            Node::I16(v) => s.serialize_i16(*v),
            Node::I32(v) => s.serialize_i32(*v),
            Node::I64(v) => s.serialize_i64(*v),
            Node::I128(v) => s.serialize_i128(*v),
            Node::U8(v) => s.serialize_u8(*v),
            Node::U16(v) => s.serialize_u16(*v),
            Node::U32(v) => s.serialize_u32(*v),
            Node::U64(v) => s.serialize_u64(*v),
            Node::U128(v) => s.serialize_u128(*v),
            Node::F32(v) => s.serialize_f32(f32::from_bits(*v)),
            Node::F64(v) => s.serialize_f64(f64::from_bits(*v)),
            Node::Char(v) => s.serialize_char(*v),
            Node::Str(v) => s.serialize_str(v),
            Node::Bytes(v) => s.serialize_bytes(v),
            Node::Unit => s.serialize_unit(),
            Node::None => s.serialize_none(),
            Node::Some(v) => s.serialize_some(v),
            Node::SomeSet(v) => s.serialize_some(&v.iter().collect::<HashSet<_>>()),
            Node::Seq(v) => {
                let mut s = s.serialize_seq(None)?;
                v.iter().try_for_each(|v| s.serialize_element(v))?;
                s.end()
            }
            Node::Tuple(v) => {
                let mut s = s.serialize_tuple(v.len())?;
                v.iter().try_for_each(|v| s.serialize_element(v))?;
                s.end()
            }
            Node::Map(v) => {
                let mut s = s.serialize_map(None)?;
                v.iter().try_for_each(|(k, v)| s.serialize_entry(k, v))?;
                s.end()
            }
            Node::UnitStruct(n) => s.serialize_unit_struct(n),
            Node::NewtypeStruct(n, v) => s.serialize_newtype_struct(n, v),
            Node::TupleStruct(n, v) => {
                let mut s = s.serialize_tuple_struct(n, v.len())?;
                v.iter().try_for_each(|v| s.serialize_field(v))?;
                s.end()
            }
            Node::Struct(n, v) => {
                let mut s = s.serialize_struct(n, v.len())?;
                v.iter().try_for_each(|(f, v)| s.serialize_field(f, v))?;
                s.end()
            }
            Node::UnitVariant((n, i, v)) => s.serialize_unit_variant(n, *i, v),
            Node::NewtypeVariant((n, i, v), x) => s.serialize_newtype_variant(n, *i, v, x),
            Node::TupleVariant((n, i, v), x) => {
                let mut s = s.serialize_tuple_variant(n, *i, v, x.len())?;
                x.iter().try_for_each(|v| s.serialize_field(v))?;
                s.end()
            }
            Node::StructVariant((n, i, v), x) => {
                let mut s = s.serialize_struct_variant(n, *i, v, x.len())?;
                x.iter().try_for_each(|(f, v)| s.serialize_field(f, v))?;
                s.end()
            }
        }
    }
}

impl Node {
    /// The nodes inside, in order.
    pub(crate) fn children(&mut self) -> Vec<&mut Node> {
        match self {
            Node::Some(v) | Node::NewtypeStruct(_, v) | Node::NewtypeVariant(_, v) => vec![v],
            Node::Seq(v)
            | Node::SomeSet(v)
            | Node::Tuple(v)
            | Node::TupleStruct(_, v)
            | Node::TupleVariant(_, v) => v.iter_mut().collect(),
            Node::Map(v) => v.iter_mut().flat_map(|(k, v)| [k, v]).collect(),
            Node::Struct(_, v) | Node::StructVariant(_, v) => {
                v.iter_mut().map(|(_, v)| v).collect()
            }
            _ => vec![],
        }
    }

    /// Brings what has no order into one.
    pub(crate) fn normal(mut self) -> Node {
        for child in self.children() {
            *child = std::mem::replace(child, Node::Unit).normal();
        }
        match &mut self {
            Node::Map(v) => v.sort(),
            Node::SomeSet(v) => v.sort(),
            _ => {}
        }
        self
    }
}
