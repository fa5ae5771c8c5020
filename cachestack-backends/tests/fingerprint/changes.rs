//! Which changes of a definition change the fingerprint.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use crate::of;

#[test]
fn every_change_of_shape_changes_the_fingerprint() {
    let plain = of!(User => struct User { id: u32, name: String });
    let plain_enum = of!(Kind => enum Kind { A, B(u32), C { x: u8, y: u8 }, D(u8, u8) });
    let changes = [
        (
            "field added",
            plain,
            of!(User => struct User { id: u32, name: String, age: u8 }),
        ),
        ("field removed", plain, of!(User => struct User { id: u32 })),
        (
            "field renamed",
            plain,
            of!(User => struct User { id: u32, title: String }),
        ),
        (
            "fields reordered",
            plain,
            of!(User => struct User { name: String, id: u32 }),
        ),
        (
            "field widened",
            plain,
            of!(User => struct User { id: u64, name: String }),
        ),
        (
            "field signed",
            plain,
            of!(User => struct User { id: i32, name: String }),
        ),
        (
            "field optional",
            plain,
            of!(User => struct User { id: u32, name: Option<String> }),
        ),
        (
            "field listed",
            plain,
            of!(User => struct User { id: u32, name: Vec<String> }),
        ),
        (
            "struct renamed",
            plain,
            of!(Person => struct Person { id: u32, name: String }),
        ),
        (
            "attribute renames",
            plain,
            of!(User => struct User { #[serde(rename = "ID")] id: u32, name: String }),
        ),
        (
            "struct to tuple",
            plain,
            of!(User => struct User(u32, String);),
        ),
        (
            "variant added",
            plain_enum,
            of!(Kind => enum Kind { A, B(u32), C { x: u8, y: u8 }, D(u8, u8), E }),
        ),
        (
            "variant removed",
            plain_enum,
            of!(Kind => enum Kind { A, B(u32), C { x: u8, y: u8 } }),
        ),
        (
            "variant renamed",
            plain_enum,
            of!(Kind => enum Kind { A, Z(u32), C { x: u8, y: u8 }, D(u8, u8) }),
        ),
        (
            "variants reordered",
            plain_enum,
            of!(Kind => enum Kind { B(u32), A, C { x: u8, y: u8 }, D(u8, u8) }),
        ),
        (
            "unit variant filled",
            plain_enum,
            of!(Kind => enum Kind { A(u8), B(u32), C { x: u8, y: u8 }, D(u8, u8) }),
        ),
        (
            "variant's field renamed",
            plain_enum,
            of!(Kind => enum Kind { A, B(u32), C { x: u8, z: u8 }, D(u8, u8) }),
        ),
        (
            "variant's field retyped",
            plain_enum,
            of!(Kind => enum Kind { A, B(u32), C { x: u8, y: u16 }, D(u8, u8) }),
        ),
        (
            "variant's payload retyped",
            plain_enum,
            of!(Kind => enum Kind { A, B(u64), C { x: u8, y: u8 }, D(u8, u8) }),
        ),
        (
            "variant's tuple lengthened",
            plain_enum,
            of!(Kind => enum Kind { A, B(u32), C { x: u8, y: u8 }, D(u8, u8, u8) }),
        ),
        ("array lengthened", of!([u8; 4]), of!([u8; 5])),
        (
            "long array lengthened",
            of!(([u8; 32], u8)),
            of!(([u8; 31], u8)),
        ),
        ("tuple retyped", of!((u8, u16)), of!((u16, u8))),
        (
            "key retyped",
            of!(HashMap<u8, u8>),
            of!(HashMap<String, u8>),
        ),
        ("map to pairs", of!(HashMap<u8, u8>), of!(Vec<(u8, u8)>)),
        ("text to bytes", of!(String), of!(Vec<u8>)),
    ];
    for (change, before, after) in changes {
        assert_ne!(before, after, "{change}");
    }
}

#[test]
fn a_change_is_seen_wherever_it_lies() {
    macro_rules! nested {
        ($($what:literal: $ty:ty { $($item:item)* })+) => {$(
            let before = of!(
                $ty => #[derive(PartialEq, Eq, PartialOrd, Ord)] struct In { a: u32 } $($item)*
            );
            let after = of!(
                $ty => #[derive(PartialEq, Eq, PartialOrd, Ord)] struct In { a: u64 } $($item)*
            );
            assert_ne!(before, after, $what);
        )+};
    }
    nested! {
        "vec": Vec<In> {}
        "option": Option<In> {}
        "value of a map": HashMap<String, In> {}
        "key of a map": BTreeMap<In, u8> {}
        "tuple": (u8, In) {}
        "array": [In; 3] {}
        "result": Result<u8, In> {}
        "box": Box<In> {}
        "newtype": New { struct New(In); }
        "transparent": New { #[serde(transparent)] struct New { inner: In } }
        "newtype variant": E { enum E { A, B(In) } }
        "struct variant": E { enum E { A, B { x: In } } }
        "tuple variant": E { enum E { A, B(u8, In) } }
        "list": List { struct List { v: In, next: Option<Box<List>> } }
        "tree": Tree { struct Tree { leaves: Vec<Tree>, v: In } }
        "enum": Expr { enum Expr { Not(Box<Expr>), And { l: Box<Expr>, r: Box<Expr> }, Leaf(In) } }
        "mutual": A { struct A { b: Option<Box<B>> } struct B { a: Vec<A>, v: In } }
        "third of one type": A { struct A { x: Vec<u8>, y: Vec<u8>, z: Vec<In> } }
    }
}

#[test]
fn what_serde_reads_alike_has_one_fingerprint() {
    struct_in_two_modules();
    assert_eq!(of!(HashMap<String, u32>), of!(BTreeMap<String, u32>));
    assert_eq!(of!(Vec<u32>), of!(VecDeque<u32>));
    assert_eq!(of!(HashSet<u32>), of!(BTreeSet<u32>));
    assert_eq!(of!(u32), of!(Box<u32>));
    assert_eq!(of!(String), of!(Cow<'static, str>));
    assert_eq!(of!(String), of!(std::path::PathBuf));
    assert_eq!(of!(u64), of!(usize));
    assert_eq!(of!(u32), of!(std::num::NonZeroU32));
}

mod old {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Tree {
        label: super::new::Label,
        children: Vec<Tree>,
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Label(String);
}

mod new {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Tree {
        label: Label,
        children: Vec<Tree>,
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Label(String);
}

fn struct_in_two_modules() {
    assert_eq!(of!(old::Tree), of!(new::Tree));
    // Which nodes tracing shares differs, as the two labels are two types here and one there.
    assert_eq!(of!((new::Label, old::Label)), of!((new::Label, new::Label)));
}

#[test]
fn recursion_entered_elsewhere_is_the_same_recursion() {
    // A tree is a label and a list of trees, whichever of the two was met first.
    let pair = of!((Tree, Vec<Tree>) => struct Tree { label: u8, children: Vec<Tree> });
    let swapped = of!((Vec<Tree>, Tree) => struct Tree { label: u8, children: Vec<Tree> });
    assert_ne!(pair, swapped);
    let vec = of!(Vec<Tree> => struct Tree { label: u8, children: Vec<Tree> });
    let deque = of!(Vec<Tree> => struct Tree { label: u8, children: VecDeque<Tree> });
    assert_eq!(vec, deque);
}

#[test]
fn fingerprints_stay_what_they_were() {
    let list = of!(List => struct List { v: u8, next: Option<Box<List>> });
    let user = of!(User => struct User { id: u64, name: String, tags: Vec<String> });
    let kind = of!(Kind => enum Kind { A, B(u32), C { x: f64 }, D(u8, bool) });
    let pinned = [
        (of!(u32), "caefb0a357981de5"),
        (of!(String), "2c01c8d8a53e9b7d"),
        (of!(HashMap<String, Option<i64>>), "63ed6bfb03b2ada9"),
        (user, "5e1851b6a098add9"),
        (kind, "18e00512dc3dbc6f"),
        (list, "472e32c6c47ee0c1"),
    ];
    for (fingerprint, hex) in pinned {
        assert_eq!(fingerprint.to_string(), hex);
    }
}
