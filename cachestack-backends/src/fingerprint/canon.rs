//! The canonical form of a shape: the smallest graph that unfolds to the same reads, in one order, as bytes.
//!
//! Tracing shares nodes by type name, which is luck of the compiler. Merging all nodes that read alike makes the
//! form independent of it, and equal for equal definitions in two modules.

use std::collections::HashMap;
use std::hash::Hash;

use super::shape::{Body, Head, Node, NodeId, Why};

/// Says which encoding was hashed; a change of the encoding changes it.
const FORMAT: &[u8] = b"cachestack shape 1";

/// The smallest graph equivalent to what is reachable from `root`; its first node is the root.
pub(super) fn smallest(nodes: &[Node], root: NodeId) -> Vec<Node> {
    let classes = classes(nodes);
    let mut order = Vec::new();
    let mut place: HashMap<usize, NodeId> = HashMap::new();
    let mut todo = vec![root];
    while let Some(id) = todo.pop() {
        if place.contains_key(&classes[id]) {
            continue;
        }
        place.insert(classes[id], order.len());
        order.push(id);
        let beneath: Vec<_> = nodes[id].edges().collect();
        todo.extend(beneath.into_iter().rev());
    }
    order
        .into_iter()
        .map(|id| {
            let mut node = nodes[id].clone();
            node.redirect(|edge| place[&classes[edge]]);
            node
        })
        .collect()
}

/// Two nodes get one class exactly if no walk from them tells them apart (Moore's refinement).
fn classes(nodes: &[Node]) -> Vec<usize> {
    let mut classes = number(nodes.iter().map(label));
    let mut count = distinct(&classes);
    loop {
        let refined = number(nodes.iter().zip(&classes).map(|(node, class)| {
            let beneath: Vec<_> = node.edges().map(|edge| classes[edge]).collect();
            (*class, beneath)
        }));
        let refined_count = distinct(&refined);
        if refined_count == count {
            return refined;
        }
        classes = refined;
        count = refined_count;
    }
}

/// Numbers items by first sight.
fn number<T: Hash + Eq>(items: impl Iterator<Item = T>) -> Vec<usize> {
    let mut seen = HashMap::new();
    items
        .map(|item| {
            let next = seen.len();
            *seen.entry(item).or_insert(next)
        })
        .collect()
}

fn distinct(classes: &[usize]) -> usize {
    classes.iter().max().map_or(0, |max| max + 1)
}

/// Leads every edge past newtypes to what is in them; the new root.
pub(super) fn skip_newtypes(nodes: &mut [Node], root: NodeId) -> NodeId {
    let inside = |mut id: NodeId| {
        // A newtype that holds nothing but itself has no end, and no value either.
        for _ in 0..nodes.len() {
            match (nodes[id].head, nodes[id].children.as_slice()) {
                (Head::Newtype(_), [inner]) => id = *inner,
                _ => break,
            }
        }
        id
    };
    let beyond: Vec<_> = (0..nodes.len()).map(inside).collect();
    for node in nodes {
        node.redirect(|edge| beyond[edge]);
    }
    beyond[root]
}

/// The bytes that a fingerprint is taken from.
pub(super) fn encode(nodes: &[Node]) -> Vec<u8> {
    let mut out = FORMAT.to_vec();
    count(&mut out, nodes.len());
    for node in nodes {
        out.extend(label(node));
        for edge in node.edges() {
            count(&mut out, edge);
        }
    }
    out
}

/// All that a node says of itself, and how many edges it has where. The numbers are part of every fingerprint.
fn label(node: &Node) -> Vec<u8> {
    let mut out = Vec::new();
    match node.head {
        Head::Unknown => out.push(0),
        Head::Opaque(why) => out.extend([1, code(why)]),
        Head::Leaf(leaf) => out.extend([2, leaf as u8]),
        Head::UnitStruct(name) => named(&mut out, 3, name),
        Head::Option => out.push(4),
        Head::Newtype(name) => named(&mut out, 5, name),
        Head::Seq => out.push(6),
        Head::Map => out.push(7),
        Head::Array(len) => {
            out.push(8);
            count(&mut out, len);
        }
        Head::Tuple(_) => out.push(9),
        Head::TupleStruct(name, _) => named(&mut out, 10, name),
        Head::Struct(name, fields) => {
            named(&mut out, 11, name);
            texts(&mut out, fields);
        }
        Head::Enum(name, _) => named(&mut out, 12, name),
    }
    count(&mut out, node.children.len());
    count(&mut out, node.variants.len());
    for variant in &node.variants {
        texts(&mut out, &variant.names);
        match variant.body {
            Body::Unknown => out.push(0),
            Body::Refused | Body::Absent => out.push(1),
            Body::Unit => out.push(2),
            Body::Newtype => out.push(3),
            Body::Tuple => out.push(4),
            Body::Struct(fields) => {
                out.push(5);
                texts(&mut out, fields);
            }
        }
        count(&mut out, variant.children.len());
    }
    out
}

fn code(why: Why) -> u8 {
    match why {
        Why::Any => 1,
        Why::IgnoredAny => 2,
        Why::Identifier => 3,
        Why::Varies => 4,
        Why::ByName => 5,
        Why::AsMap => 6,
    }
}

fn named(out: &mut Vec<u8>, code: u8, name: &str) {
    out.push(code);
    text(out, name);
}

fn texts(out: &mut Vec<u8>, names: &[&str]) {
    count(out, names.len());
    for name in names {
        text(out, name);
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    count(out, text.len());
    out.extend(text.as_bytes());
}

fn count(out: &mut Vec<u8>, count: usize) {
    out.extend((count as u64).to_le_bytes());
}
