//! What serde reads of a type, place by place: a graph whose nodes are the reads and whose first node is the
//! type itself. Recursion is an edge back.

use std::fmt;

/// An index into the nodes of a graph.
pub(super) type NodeId = usize;

/// The names of a struct's fields or of an enum's variants, as serde's derive lists them: aliases included.
pub(super) type Names = &'static [&'static str];

/// One read and what it reads further.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) head: Head,
    pub(super) children: Vec<NodeId>,
    /// By wire index; only an enum has any.
    pub(super) variants: Vec<Variant>,
}

/// What is asked for at a place, without what lies beneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Head {
    /// Never reached.
    Unknown,
    /// Only a self-describing format can answer what is asked for here.
    Opaque(Why),
    Leaf(Leaf),
    UnitStruct(&'static str),
    Option,
    Newtype(&'static str),
    Seq,
    Map,
    /// A tuple too long to be looked at element by element: all are read alike.
    Array(usize),
    Tuple(usize),
    TupleStruct(&'static str, usize),
    Struct(&'static str, Names),
    Enum(&'static str, Names),
}

/// Why a place needs a self-describing format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Why {
    Any,
    IgnoredAny,
    Identifier,
    /// What is read here differs from run to run.
    Varies,
    /// An enum whose variants are known by name alone.
    ByName,
    /// A struct that cannot be read as a sequence of its fields.
    AsMap,
}

/// A read with nothing beneath it. The numbers are part of every fingerprint: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Leaf {
    Unit = 1,
    Bool = 2,
    I8 = 3,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    I128 = 7,
    U8 = 8,
    U16 = 9,
    U32 = 10,
    U64 = 11,
    U128 = 12,
    F32 = 13,
    F64 = 14,
    Char = 15,
    Str = 16,
    Bytes = 17,
}

/// One variant of an enum.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    /// The name and its aliases.
    pub(super) names: Vec<&'static str>,
    pub(super) body: Body,
    pub(super) children: Vec<NodeId>,
}

/// How a variant's content is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Never reached.
    Unknown,
    /// The enum knows this index and refuses it before reading any content.
    Refused,
    /// The enum knows no such index.
    Absent,
    Unit,
    Newtype,
    Tuple,
    Struct(Names),
}

impl Node {
    /// A node with nothing beneath it.
    pub(super) const fn bare(head: Head) -> Self {
        Self {
            head,
            children: Vec::new(),
            variants: Vec::new(),
        }
    }

    /// All edges in their canonical order.
    pub(super) fn edges(&self) -> impl Iterator<Item = NodeId> + '_ {
        let beneath = self.variants.iter().flat_map(|variant| &variant.children);
        self.children.iter().chain(beneath).copied()
    }

    /// All edges, and how a path names each.
    pub(super) fn steps(&self) -> Vec<(NodeId, String)> {
        let own = self.children.iter().enumerate().map(|(index, child)| {
            let step = match self.head {
                Head::Struct(_, fields) => format!(".{}", fields.get(index).unwrap_or(&"?")),
                Head::Seq | Head::Array(_) => "[]".to_owned(),
                Head::Map if index == 0 => "[key]".to_owned(),
                Head::Map => "[value]".to_owned(),
                Head::Option | Head::Newtype(_) => String::new(),
                _ => format!(".{index}"),
            };
            (*child, step)
        });
        let beneath = self.variants.iter().flat_map(|variant| {
            let name = variant.names.first().unwrap_or(&"?");
            let steps = variant.children.iter().enumerate();
            steps.map(move |(index, child)| {
                let step = match variant.body {
                    Body::Struct(fields) => {
                        format!("::{name}.{}", fields.get(index).unwrap_or(&"?"))
                    }
                    Body::Newtype => format!("::{name}"),
                    _ => format!("::{name}.{index}"),
                };
                (*child, step)
            })
        });
        own.chain(beneath).collect()
    }

    /// Points every edge to where `to` says.
    pub(super) fn redirect(&mut self, to: impl Fn(NodeId) -> NodeId) {
        let beneath = self
            .variants
            .iter_mut()
            .flat_map(|variant| &mut variant.children);
        for edge in self.children.iter_mut().chain(beneath) {
            *edge = to(*edge);
        }
    }

    /// True where what is read could not be learnt.
    pub(super) fn is_unsure(&self) -> bool {
        let nameless = |variant: &Variant| {
            variant.body == Body::Unknown
                || (variant.body != Body::Refused && variant.names.is_empty())
        };
        matches!(self.head, Head::Unknown | Head::Opaque(_)) || self.variants.iter().any(nameless)
    }
}

impl Head {
    /// How many places lie directly beneath; an enum's are its variants'.
    pub(super) fn arity(self) -> usize {
        match self {
            Self::Option | Self::Newtype(_) | Self::Seq | Self::Array(_) => 1,
            Self::Map => 2,
            Self::Tuple(len) | Self::TupleStruct(_, len) => len,
            Self::Struct(_, fields) => fields.len(),
            Self::Unknown
            | Self::Opaque(_)
            | Self::Leaf(_)
            | Self::UnitStruct(_)
            | Self::Enum(..) => 0,
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("something unknown"),
            Self::Opaque(_) => f.write_str("anything"),
            Self::Leaf(leaf) => leaf.fmt(f),
            Self::UnitStruct(name) => write!(f, "unit struct `{name}`"),
            Self::Option => f.write_str("option"),
            Self::Newtype(name) => write!(f, "newtype `{name}`"),
            Self::Seq => f.write_str("sequence"),
            Self::Map => f.write_str("map"),
            Self::Array(len) | Self::Tuple(len) => write!(f, "tuple of {len}"),
            Self::TupleStruct(name, len) => write!(f, "tuple struct `{name}` of {len}"),
            Self::Struct(name, _) => write!(f, "struct `{name}`"),
            Self::Enum(name, _) => write!(f, "enum `{name}`"),
        }
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unit => "unit",
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::Str => "string",
            Self::Bytes => "bytes",
        })
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Refused | Self::Absent => "refused",
            Self::Unit => "unit",
            Self::Newtype => "newtype",
            Self::Tuple => "tuple",
            Self::Struct(_) => "struct",
        })
    }
}
