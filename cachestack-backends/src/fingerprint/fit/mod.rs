//! A serializer that writes nothing: it walks a value beside the shape of its type.
//!
//! What passes is read back as the same value by a codec that writes neither names nor kinds. So the forms that
//! are one on such a wire and mean one thing pass for each other: a newtype and what is in it, unit and unit struct,
//! tuple and tuple struct, bytes and a sequence of `u8`. Container names are not compared, names of fields and
//! variants are.

mod compound;

use serde::ser::{Serialize, Serializer};

use super::misfit::Misfit;
use super::shape::{Body, Head, Leaf, Node, NodeId, Variant};
use compound::{Entries, Expect, Fields, Items};

/// What the elements of bytes read as.
static BYTE: Node = Node::bare(Head::Leaf(Leaf::U8));

/// A place in the shape, where the next value is to fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'s> {
    nodes: &'s [Node],
    at: &'s Node,
}

impl<'s> Walk<'s> {
    /// At `root` of a shape without newtypes: those leave no mark on the wire.
    pub(super) fn new(nodes: &'s [Node], root: NodeId) -> Self {
        Self {
            nodes,
            at: &nodes[root],
        }
    }

    #[inline]
    fn to(self, at: &'s Node) -> Self {
        Self { at, ..self }
    }

    /// True where tracing did not learn what is read.
    #[inline]
    fn is_free(self) -> bool {
        matches!(self.at.head, Head::Unknown | Head::Opaque(_))
    }

    #[inline]
    fn leaf(self, leaf: Leaf) -> Result<(), Misfit> {
        match self.at.head {
            Head::Leaf(read) if read == leaf => Ok(()),
            _ if self.is_free() => Ok(()),
            _ => Err(self.differs(leaf)),
        }
    }

    fn unit(self) -> Result<(), Misfit> {
        match self.at.head {
            Head::UnitStruct(_) => Ok(()),
            _ => self.leaf(Leaf::Unit),
        }
    }

    #[cold]
    fn differs(self, written: impl std::fmt::Display) -> Misfit {
        Misfit::new(format!("written as {written}, read as {}", self.at.head))
    }

    /// The variant that is read for what is written; `None` where all fits.
    fn variant(
        self,
        index: u32,
        name: &'static str,
        matches: impl FnOnce(Body) -> bool,
        written: Body,
    ) -> Result<Option<&'s Variant>, Misfit> {
        if self.is_free() {
            return Ok(None);
        }
        let Head::Enum(..) = self.at.head else {
            return Err(self.differs(format_args!("variant `{name}`")));
        };
        let read = usize::try_from(index)
            .ok()
            .and_then(|index| self.at.variants.get(index))
            .filter(|read| read.body != Body::Absent);
        let reason = match read {
            None => format!("variant `{name}` is written as number {index}, which is never read"),
            Some(read) if !read.names.contains(&name) => {
                let other = read.names.first().copied().unwrap_or("?");
                format!("variant `{name}` is written as number {index}, which is read as `{other}`")
            }
            Some(read) if read.body == Body::Unknown => return Ok(None),
            Some(read) if matches(read.body) => return Ok(Some(read)),
            Some(read) => format!(
                "variant `{name}` is written as {written} variant, read as {}",
                read.body
            ),
        };
        Err(Misfit::new(reason))
    }
}

macro_rules! leaves {
    ($($serialize:ident $ty:ty: $leaf:ident,)*) => {$(
        #[inline]
        fn $serialize(self, _: $ty) -> Result<(), Misfit> {
            self.leaf(Leaf::$leaf)
        }
    )*};
}

impl<'s> Serializer for Walk<'s> {
    type Ok = ();
    type Error = Misfit;
    type SerializeSeq = Items<'s>;
    type SerializeTuple = Items<'s>;
    type SerializeTupleStruct = Items<'s>;
    type SerializeTupleVariant = Items<'s>;
    type SerializeMap = Entries<'s>;
    type SerializeStruct = Fields<'s>;
    type SerializeStructVariant = Fields<'s>;

    leaves! {
        serialize_bool bool: Bool,
        serialize_i8 i8: I8,
        serialize_i16 i16: I16,
        serialize_i32 i32: I32,
        serialize_i64 i64: I64,
        serialize_i128 i128: I128,
        serialize_u8 u8: U8,
        serialize_u16 u16: U16,
        serialize_u32 u32: U32,
        serialize_u64 u64: U64,
        serialize_u128 u128: U128,
        serialize_f32 f32: F32,
        serialize_f64 f64: F64,
        serialize_char char: Char,
        serialize_str &str: Str,
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Misfit> {
        let is_byte = |id: &NodeId| self.nodes[*id].head == BYTE.head;
        match (self.at.head, self.at.children.as_slice()) {
            (Head::Seq, [element]) if is_byte(element) => Ok(()),
            _ => self.leaf(Leaf::Bytes),
        }
    }

    fn serialize_none(self) -> Result<(), Misfit> {
        match self.at.head {
            Head::Option => Ok(()),
            _ if self.is_free() => Ok(()),
            _ => Err(self.differs(Head::Option)),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Misfit> {
        match (self.at.head, self.at.children.as_slice()) {
            (Head::Option, [inner]) => value.serialize(self.to(&self.nodes[*inner])),
            _ if self.is_free() => Ok(()),
            _ => Err(self.differs(Head::Option)),
        }
    }

    fn serialize_unit(self) -> Result<(), Misfit> {
        self.unit()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Misfit> {
        self.unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
    ) -> Result<(), Misfit> {
        self.variant(index, name, |read| read == Body::Unit, Body::Unit)
            .map(drop)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Misfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Misfit> {
        let read = self.variant(index, name, |read| read == Body::Newtype, Body::Newtype)?;
        match read.and_then(|read| read.children.first()) {
            Some(content) => value
                .serialize(self.to(&self.nodes[*content]))
                .map_err(|misfit| misfit.beneath(format_args!("::{name}"))),
            None => Ok(()),
        }
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'s>, Misfit> {
        let expect = match (self.at.head, self.at.children.as_slice()) {
            _ if self.is_free() => Expect::Anything,
            (Head::Seq, [element]) => Expect::Each(&self.nodes[*element]),
            (Head::Leaf(Leaf::Bytes), _) => Expect::Each(&BYTE),
            _ => return Err(self.differs(Head::Seq)),
        };
        Items::sequence(self, expect, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<'s>, Misfit> {
        let (expect, read) = match (self.at.head, self.at.children.as_slice()) {
            _ if self.is_free() => (Expect::Anything, len),
            (Head::Array(read), [element]) => (Expect::Each(&self.nodes[*element]), read),
            (Head::Tuple(_) | Head::TupleStruct(..), all) => (Expect::InOrder(all), all.len()),
            _ => return Err(self.differs(Head::Tuple(len))),
        };
        Ok(Items::tuple(self, expect, read, ""))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items<'s>, Misfit> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Items<'s>, Misfit> {
        let read = self.variant(index, name, |read| read == Body::Tuple, Body::Tuple)?;
        let (expect, read) = match read {
            Some(read) => (Expect::InOrder(&read.children), read.children.len()),
            None => (Expect::Anything, len),
        };
        Ok(Items::tuple(self, expect, read, name))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries<'s>, Misfit> {
        let expect = match (self.at.head, self.at.children.as_slice()) {
            _ if self.is_free() => None,
            (Head::Map, [key, value]) => Some((&self.nodes[*key], &self.nodes[*value])),
            _ => return Err(self.differs(Head::Map)),
        };
        Entries::new(self, expect, len)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'s>, Misfit> {
        match self.at.head {
            _ if self.is_free() => Ok(Fields::new(self, None, "")),
            Head::Struct(_, names) => Ok(Fields::new(self, Some((names, &self.at.children)), "")),
            _ => Err(self.differs(Head::Struct(name, &[]))),
        }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Fields<'s>, Misfit> {
        let is_struct = |read| matches!(read, Body::Struct(_));
        let read = self.variant(index, name, is_struct, Body::Struct(&[]))?;
        let expect = read.and_then(|read| match read.body {
            Body::Struct(names) => Some((names, read.children.as_slice())),
            _ => None,
        });
        Ok(Fields::new(self, expect, name))
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, _: &T) -> Result<(), Misfit> {
        self.leaf(Leaf::Str)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
