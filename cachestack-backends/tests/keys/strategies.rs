//! Values and texts made for collisions.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::node::{Name, Node, Variant, name};

/// Texts made of what has a meaning in the grammar.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "B",
        "_",
        "0",
        "1u8",
        "n",
        "u{0}",
        "\"",
        "'",
        "`",
        "\\",
        "\\\\",
        ",",
        ":",
        "::",
        "(",
        ")",
        ",)",
        "[",
        "]",
        "{",
        "}",
        "#",
        "#0",
        "%",
        "%25",
        "Some",
        "None",
        "true",
        "NaN",
        "inff64",
        "b",
        " ",
        "\n",
        "\t",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{a2}",
        "é",
        "→",
        "\u{10ffff}",
        "sixteen bytes run",
    ]);
    prop_oneof![
        4 => vec(pieces, 0..5).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

fn names() -> impl Strategy<Value = Name> {
    let plain = prop::sample::select(vec![
        "A", "Point", "x", "Some", "None", "true", "b", "inff32", "",
    ]);
    prop_oneof![2 => plain, 1 => text().prop_map(|text| name(&text))]
}

fn variants() -> impl Strategy<Value = Variant> {
    (names(), prop_oneof![0..4u32, any::<u32>()], names())
}

fn leaves() -> impl Strategy<Value = Node> {
    prop_oneof![
        any::<bool>().prop_map(Node::Bool),
        prop_oneof![
            any::<i8>().prop_map(Node::I8),
            any::<i16>().prop_map(Node::I16),
            any::<i32>().prop_map(Node::I32),
            any::<i64>().prop_map(Node::I64),
            any::<i128>().prop_map(Node::I128),
            any::<u8>().prop_map(Node::U8),
            any::<u16>().prop_map(Node::U16),
            any::<u32>().prop_map(Node::U32),
            any::<u64>().prop_map(Node::U64),
            any::<u128>().prop_map(Node::U128),
        ],
        any::<f32>().prop_map(|v| Node::F32(v.to_bits())),
        any::<u32>().prop_map(Node::F32),
        any::<f64>().prop_map(|v| Node::F64(v.to_bits())),
        any::<u64>().prop_map(Node::F64),
        prop::sample::select(vec![
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            -f64::INFINITY,
            0.0,
            -0.0
        ])
        .prop_map(|v| Node::F64(v.to_bits())),
        any::<char>().prop_map(Node::Char),
        prop::sample::select(vec!['a', '\'', '"', '\\', '`', '\n', '\u{85}']).prop_map(Node::Char),
        text().prop_map(Node::Str),
        vec(any::<u8>(), 0..4).prop_map(Node::Bytes),
        Just(Node::Unit),
        Just(Node::None),
        names().prop_map(Node::UnitStruct),
        variants().prop_map(Node::UnitVariant),
    ]
}

pub(crate) fn nodes() -> impl Strategy<Value = Node> {
    leaves().prop_recursive(4, 24, 4, |node| {
        let boxed = || node.clone().prop_map(Box::new);
        let some = || vec(node.clone(), 0..4);
        let fields = || vec((names(), node.clone()), 0..4);
        prop_oneof![
            boxed().prop_map(Node::Some),
            btree_set(node.clone(), 0..4).prop_map(|set| Node::SomeSet(set.into_iter().collect())),
            some().prop_map(Node::Seq),
            some().prop_map(Node::Tuple),
            vec((node.clone(), node.clone()), 0..4).prop_map(Node::Map),
            (names(), boxed()).prop_map(|(n, v)| Node::NewtypeStruct(n, v)),
            (names(), some()).prop_map(|(n, v)| Node::TupleStruct(n, v)),
            (names(), fields()).prop_map(|(n, v)| Node::Struct(n, v)),
            (variants(), boxed()).prop_map(|(n, v)| Node::NewtypeVariant(n, v)),
            (variants(), some()).prop_map(|(n, v)| Node::TupleVariant(n, v)),
            (variants(), fields()).prop_map(|(n, v)| Node::StructVariant(n, v)),
        ]
    })
}
