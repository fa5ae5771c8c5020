//! Values that a codec without descriptions would misread are refused, with the place and the reason.

use std::collections::HashMap;

use cachestack_backends::trace;
use serde::de::SeqAccess;
use serde::ser::{SerializeMap, SerializeSeq, SerializeTuple};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{fit, misfit};

#[derive(Serialize, Deserialize)]
struct User {
    name: String,
    address: Address,
}

#[derive(Serialize, Deserialize)]
struct Address {
    #[serde(serialize_with = "as_text")]
    zip: u32,
}

fn as_text<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[test]
fn another_kind_is_refused_with_its_path() {
    let user = User {
        name: String::new(),
        address: Address { zip: 1 },
    };
    assert_eq!(
        misfit(&user),
        "at .address.zip: written as string, read as u32"
    );
    let misfit = trace::<User>().fit(&user).unwrap_err();
    assert_eq!(misfit.path(), ".address.zip");
    assert_eq!(misfit.reason(), "written as string, read as u32");
}

#[test]
fn paths_lead_through_every_container() {
    #[derive(Serialize, Deserialize)]
    enum Deep {
        Struct { inner: Vec<Option<Address>> },
        Tuple(u8, HashMap<u8, Address>),
        Newtype(Box<Address>),
        Key(HashMap<Zip, u8>),
    }
    #[derive(Serialize, Deserialize, PartialEq, Eq, Hash)]
    struct Zip(#[serde(serialize_with = "as_text")] u32);

    let zip = || Address { zip: 1 };
    let reason = "written as string, read as u32";
    for (value, path) in [
        (
            Deep::Struct {
                inner: vec![None, Some(zip())],
            },
            "::Struct.inner[1].zip",
        ),
        (
            Deep::Tuple(1, HashMap::from([(1, zip())])),
            "::Tuple[1][value].zip",
        ),
        (Deep::Newtype(Box::new(zip())), "::Newtype.zip"),
        (Deep::Key(HashMap::from([(Zip(1), 1)])), "::Key[key]"),
    ] {
        assert_eq!(misfit(&value), format!("at {path}: {reason}"));
    }
}

#[test]
fn skipped_fields_are_refused_where_they_are_skipped() {
    #[derive(Serialize, Deserialize)]
    struct Sparse {
        a: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<u8>,
        c: u8,
    }
    fit(&Sparse {
        a: 1,
        b: Some(1),
        c: 1,
    })
    .unwrap();
    assert_eq!(
        misfit(&Sparse {
            a: 1,
            b: None,
            c: 1
        }),
        "field `b` is skipped when written, but read"
    );

    #[derive(Serialize, Deserialize)]
    struct Tuple(
        u8,
        #[serde(default, skip_serializing_if = "Option::is_none")] Option<u8>,
    );
    fit(&Tuple(1, Some(1))).unwrap();
    assert_eq!(
        misfit(&Tuple(1, None)),
        "written with 1 elements instead of 2"
    );
}

#[test]
fn fields_of_one_side_are_refused() {
    #[derive(Serialize, Deserialize)]
    struct ReadOnly {
        a: u8,
        #[serde(skip_serializing)]
        #[allow(dead_code, reason = "it is only read")]
        b: u8,
    }
    assert_eq!(
        misfit(&ReadOnly { a: 1, b: 1 }),
        "field `b` is read but not written"
    );

    #[derive(Serialize, Deserialize)]
    struct WriteOnly {
        #[serde(skip_deserializing)]
        a: u8,
        b: u8,
    }
    assert_eq!(
        misfit(&WriteOnly { a: 1, b: 1 }),
        "field `a` is written where `b` is read"
    );

    #[derive(Serialize, Deserialize)]
    struct Renamed {
        #[serde(rename(serialize = "x"))]
        a: u8,
    }
    assert_eq!(
        misfit(&Renamed { a: 1 }),
        "field `x` is written where `a` is read"
    );

    #[derive(Serialize, Deserialize)]
    struct AliasedWriteOnly {
        #[serde(alias = "z")]
        a: u8,
        #[serde(skip_serializing)]
        #[allow(dead_code, reason = "it is only read")]
        b: u8,
        #[serde(skip_deserializing)]
        c: u8,
    }
    assert_eq!(
        misfit(&AliasedWriteOnly { a: 1, b: 1, c: 1 }),
        "field `c` is written where `z` is read"
    );
}

#[test]
fn variants_under_another_number_are_refused() {
    #[derive(Serialize, Deserialize)]
    enum Skipping {
        A,
        #[serde(skip)]
        #[allow(dead_code, reason = "it is what moves the others")]
        B,
        C,
        D,
    }
    fit(&Skipping::A).unwrap();
    assert_eq!(
        misfit(&Skipping::C),
        "variant `C` is written as number 2, which is read as `D`"
    );
    assert_eq!(
        misfit(&Skipping::D),
        "variant `D` is written as number 3, which is never read"
    );

    #[derive(Serialize, Deserialize)]
    enum AliasedSkipping {
        #[serde(alias = "Z")]
        A,
        #[serde(skip)]
        #[allow(dead_code, reason = "it is what moves the others")]
        B,
        C,
        D,
    }
    fit(&AliasedSkipping::A).unwrap();
    assert_eq!(
        misfit(&AliasedSkipping::C),
        "variant `C` is written as number 2, which is read as `D`"
    );
    misfit(&AliasedSkipping::D);
}

/// Reads as `$read` and writes as `$write` does.
macro_rules! written {
    ($name:ident reads $read:ty, writes |$serializer:ident| $write:expr) => {
        #[derive(Deserialize)]
        struct $name(#[allow(dead_code, reason = "only read")] $read);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, $serializer: S) -> Result<S::Ok, S::Error> {
                $write
            }
        }
    };
}

written!(Endless reads Vec<u8>, writes |serializer| serializer.serialize_seq(None)?.end());
written!(EndlessMap reads HashMap<u8, u8>, writes |serializer| serializer.serialize_map(None)?.end());
written!(Short reads Vec<u8>, writes |serializer| serializer.serialize_seq(Some(2))?.end());
written!(Unequal reads (u8, u8), writes |serializer| {
    let mut tuple = serializer.serialize_tuple(3)?;
    for _ in 0..3 {
        tuple.serialize_element(&1_u8)?;
    }
    tuple.end()
});
written!(ListForTuple reads (u8, u8), writes |serializer| [1_u8, 1].as_slice().serialize(serializer));
written!(TupleForList reads Vec<u8>, writes |serializer| [1_u8, 1].serialize(serializer));
written!(TupleForBytes reads std::ffi::CString, writes |serializer| [1_u8, 1].serialize(serializer));
written!(Bare reads Option<u8>, writes |serializer| serializer.serialize_u8(1));
written!(Wrapped reads u8, writes |serializer| serializer.serialize_some(&1_u8));
written!(UnitForNone reads Option<u8>, writes |serializer| serializer.serialize_unit());
written!(MapForStruct reads Address, writes |serializer| {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("zip", &1_u32)?;
    map.end()
});
written!(Failing reads u8, writes |_serializer| Err(serde::ser::Error::custom("not today")));

#[test]
fn other_forms_are_refused() {
    let cases = [
        (
            misfit(&Endless(vec![])),
            "written as sequence without its length",
        ),
        (
            misfit(&EndlessMap(HashMap::new())),
            "written as map without its length",
        ),
        (
            misfit(&Short(vec![])),
            "written with 0 elements instead of 2",
        ),
        (
            misfit(&Unequal((1, 1))),
            "written with 3 elements instead of 2",
        ),
        (
            misfit(&ListForTuple((1, 1))),
            "written as sequence, read as tuple of 2",
        ),
        (
            misfit(&TupleForList(vec![])),
            "written as tuple of 2, read as sequence",
        ),
        (
            misfit(&TupleForBytes(c"".into())),
            "written as tuple of 2, read as bytes",
        ),
        (misfit(&Bare(None)), "written as u8, read as option"),
        (misfit(&Wrapped(1)), "written as option, read as u8"),
        (
            misfit(&UnitForNone(None)),
            "written as unit, read as option",
        ),
        (
            misfit(&MapForStruct(Address { zip: 1 })),
            "written as map, read as struct `Address`",
        ),
        (misfit(&Failing(1)), "not today"),
    ];
    for (given, wanted) in cases {
        assert_eq!(given, wanted);
    }
}

/// What postcard is known to misread is refused by the trace or by the fit.
#[test]
fn nothing_known_to_be_misread_passes() {
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        A(u32),
    }
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "t")]
    enum Internal {
        A { x: u32 },
    }
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        A(u32),
        B,
    }
    #[derive(Serialize, Deserialize)]
    struct Flat {
        a: u32,
        #[serde(flatten)]
        rest: User,
    }
    fn is_refused<T: Serialize + serde::de::DeserializeOwned + 'static>(value: &T) -> bool {
        trace::<T>().needs_self_describing().is_some() || fit(value).is_err()
    }
    assert!(is_refused(&Untagged::A(1)));
    assert!(is_refused(&Internal::A { x: 1 }));
    assert!(is_refused(&Adjacent::A(1)));
    assert!(is_refused(&Adjacent::B));
    assert!(is_refused(&serde_json::json!({"a": 1})));
    let address = Address { zip: 1 };
    let name = String::new();
    assert!(is_refused(&Flat {
        a: 1,
        rest: User { name, address }
    }));
}

/// Reads a tag, then a number or a text by what it was.
#[derive(Serialize)]
struct Tagged(Tag, u32);

#[derive(Serialize, Deserialize)]
enum Tag {
    Number,
    #[allow(dead_code, reason = "it is only read")]
    Text,
}

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Tagged;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a tag and what it says")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Tagged, A::Error> {
                let tag = pair.next_element()?.unwrap_or(Tag::Number);
                let number = match tag {
                    Tag::Number => pair.next_element()?,
                    Tag::Text => pair.next_element::<String>()?.map(|_| 0),
                };
                Ok(Tagged(tag, number.unwrap_or_default()))
            }
        }
        deserializer.deserialize_tuple(2, Visitor)
    }
}

#[test]
fn reads_that_depend_on_a_variant_read_before_need_a_self_describing_codec() {
    let traced = trace::<Tagged>();
    assert_eq!(
        traced.needs_self_describing(),
        Some("what it reads at .1 depends on what it read before")
    );
    traced.fit(&Tagged(Tag::Number, 1)).unwrap();
}

#[test]
fn where_nothing_is_known_everything_fits() {
    #[derive(Serialize, Deserialize)]
    struct Half {
        known: u8,
        unknown: serde_json::Value,
        after: u16,
    }
    let traced = trace::<Half>();
    let half = |unknown| Half {
        known: 1,
        unknown,
        after: 1,
    };
    traced
        .fit(&half(serde_json::json!([{"a": null}, 1.5, "x"])))
        .unwrap();
    traced.fit(&(1_u8, 2_u8)).unwrap_err();
}
