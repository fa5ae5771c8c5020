//! Values that are near to each other.

use super::node::{Node, name};

impl Node {
    /// The `n`th node below this one, or this one, counted around.
    pub(crate) fn nth(&mut self, n: usize) -> &mut Node {
        let count = self.children().len() + 1;
        match n % count {
            0 => self,
            i => self.children().swap_remove(i - 1).nth(n / count),
        }
    }

    /// Nodes that resemble this one, whose text is `text`.
    pub(crate) fn neighbours(&self, text: &str) -> Vec<Node> {
        let mut near = vec![
            Node::Str(text.to_owned()),
            Node::UnitStruct(name(text)),
            Node::Some(Box::new(self.clone())),
            Node::NewtypeStruct("Some", Box::new(self.clone())),
            Node::Seq(vec![self.clone()]),
            Node::Tuple(vec![self.clone()]),
            Node::Struct(name(text), vec![]),
        ];
        match self.clone() {
            Node::Bool(v) => near.extend([Node::Bool(!v), Node::Str(v.to_string())]),
            Node::U8(v) => {
                near.extend([Node::I8(v as i8), Node::U64(v.into()), Node::Char(v.into())])
            }
            Node::I64(v) => near.extend([Node::U64(v as u64), Node::I128(v.into())]),
            Node::F32(v) => near.extend([Node::F32(v ^ 1 << 31), Node::F32(v ^ 1), Node::U32(v)]),
            Node::F64(v) => near.extend([Node::F64(v ^ 1 << 63), Node::F64(v ^ 1), Node::U64(v)]),
            Node::Char(v) => near.push(Node::Str(v.into())),
            Node::Str(v) => near.extend([
                Node::UnitStruct(name(&v)),
                Node::Bytes(v.as_bytes().to_vec()),
                Node::Str(v.escape_debug().to_string()),
                Node::Str(v.replace('\\', "")),
            ]),
            Node::Bytes(v) => near.push(Node::Seq(v.into_iter().map(Node::U8).collect())),
            Node::Unit => near.push(Node::Tuple(vec![])),
            Node::None => near.push(Node::UnitStruct("None")),
            Node::Some(v) => near.extend([*v.clone(), Node::TupleStruct("Some", vec![*v])]),
            Node::SomeSet(v) => near.push(Node::Some(Box::new(Node::Seq(v)))),
            Node::Seq(mut v) => {
                near.push(Node::Tuple(v.clone()));
                near.extend(v.pop().map(|_| Node::Seq(v)));
            }
            Node::Tuple(mut v) => {
                near.extend([Node::Seq(v.clone()), Node::TupleStruct("", v.clone())]);
                v.reverse();
                near.push(Node::Tuple(v));
            }
            Node::Map(mut v) => {
                let turned = v.iter().cloned().map(|(k, v)| (v, k)).collect();
                near.extend([Node::Map(turned), Node::Struct("", vec![])]);
                v.reverse();
                near.push(Node::Map(v));
            }
            Node::UnitStruct(n) => near.extend([Node::TupleStruct(n, vec![]), Node::Str(n.into())]),
            Node::NewtypeStruct(n, v) => near.push(Node::TupleStruct(n, vec![*v])),
            Node::TupleStruct(n, mut v) => {
                near.push(Node::TupleVariant((n, 0, n), v.clone()));
                near.extend(v.pop().map(|v| Node::NewtypeStruct(n, v.into())));
            }
            Node::Struct(n, mut v) => {
                near.push(Node::StructVariant((n, 0, n), v.clone()));
                v.reverse();
                near.push(Node::Struct(n, v));
            }
            Node::UnitVariant((n, i, v)) => near.extend([
                Node::UnitVariant((v, i, n)),
                Node::UnitVariant((n, i ^ 1, v)),
                Node::TupleVariant((n, i, v), vec![]),
                Node::UnitStruct(name(&format!("{n}::{v}"))),
            ]),
            Node::NewtypeVariant(n, v) => {
                near.extend([Node::TupleVariant(n, vec![*v]), Node::UnitVariant(n)])
            }
            Node::TupleVariant(n, v) => near.push(Node::TupleStruct(n.0, v)),
            Node::StructVariant((n, i, v), x) => near.push(Node::StructVariant((n, i ^ 2, v), x)),
            _ => {}
        }
        near
    }
}
