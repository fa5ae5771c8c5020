//! What fits is read back by postcard as it was.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, Wrapping};
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use cachestack_backends::trace;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fit;

fn assert_round_trip<T>(values: impl IntoIterator<Item = T>)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    assert_eq!(trace::<T>().needs_self_describing(), None);
    for value in values {
        assert_eq!(fit(&value), Ok(()), "{value:?}");
        let bytes = postcard::to_stdvec(&value).expect("it can be written");
        let (back, rest) = postcard::take_from_bytes::<T>(&bytes).expect("it can be read");
        assert_eq!(back, value);
        assert!(rest.is_empty(), "{value:?}");
    }
}

#[test]
fn values_of_std_fit_and_round_trip() {
    assert_round_trip([(true, 'ß', -1_i8, 2_u16, 3_i32, u64::MAX)]);
    assert_round_trip([(i128::MIN, u128::MAX, 1.5_f32, f64::INFINITY)]);
    assert_round_trip([(), ()]);
    assert_round_trip([None, Some(None), Some(Some(()))]);
    assert_round_trip([Ok(vec![1_u8, 2]), Err("no".to_owned())]);
    assert_round_trip([Duration::ZERO, Duration::from_millis(1_500)]);
    assert_round_trip([SystemTime::UNIX_EPOCH + Duration::from_secs(9)]);
    assert_round_trip([Range {
        start: 1_u8,
        end: 9,
    }]);
    assert_round_trip([HashMap::from([("a".to_owned(), [1_u8, 2])]), HashMap::new()]);
    assert_round_trip([BTreeMap::from([((1_u8, 'a'), Some(vec![0.5_f64]))])]);
    assert_round_trip([HashSet::from([1_u8, 2]), HashSet::new()]);
    assert_round_trip([BTreeSet::from([Box::from("x"), Box::<str>::from("y")])]);
    assert_round_trip([PathBuf::from("/tmp/x")]);
    assert_round_trip(["127.0.0.1", "::1"].map(|text| text.parse::<IpAddr>().unwrap()));
    assert_round_trip(["1.2.3.4:5", "[::1]:5"].map(|text| text.parse::<SocketAddr>().unwrap()));
    assert_round_trip([[7_u16; 32], [0; 32]]);
    assert_round_trip([
        Cow::<'static, str>::Borrowed("a"),
        Cow::Owned("b".to_owned()),
    ]);
    assert_round_trip([(Wrapping(1_u8), NonZeroU32::MIN, std::cmp::Reverse(1_u8))]);
    assert_round_trip([std::ffi::OsString::from("x")]);
    assert_round_trip([std::ffi::CString::from(c"x")]);
    assert_round_trip([(
        std::ops::Bound::Included(1_u8),
        std::ops::Bound::<u8>::Unbounded,
    )]);
    assert_round_trip([(Box::new(1_u8), std::marker::PhantomData::<u8>)]);
}

#[test]
fn values_of_other_crates_fit_and_round_trip() {
    assert_round_trip([chrono::DateTime::<chrono::Utc>::UNIX_EPOCH]);
    assert_round_trip([chrono::NaiveDate::MIN, chrono::NaiveDate::default()]);
    assert_round_trip([chrono::Weekday::Sun]);
    assert_round_trip([uuid::Uuid::nil(), uuid::Uuid::max()]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Expr {
    Add { l: Box<Expr>, r: Box<Expr> },
    Pair(Box<Expr>, Box<Expr>),
    Block(Vec<Stmt>),
    Lit(i64),
    Unit,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stmt {
    name: Option<String>,
    value: Expr,
}

#[test]
fn recursive_values_fit_and_round_trip() {
    use Expr::{Add, Block, Lit, Pair, Unit};
    let stmt = |name: Option<&str>, value| Stmt {
        name: name.map(str::to_owned),
        value,
    };
    assert_round_trip([
        Unit,
        Lit(-1),
        Pair(Box::new(Unit), Box::new(Lit(2))),
        Add {
            l: Box::new(Block(vec![stmt(Some("x"), Unit), stmt(None, Lit(1))])),
            r: Box::new(Add {
                l: Box::new(Unit),
                r: Box::new(Block(vec![])),
            }),
        },
    ]);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Meters(f64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u8, u8)", into = "(u8, u8)")]
struct Point {
    x: u8,
    y: u8,
}

impl From<(u8, u8)> for Point {
    fn from((x, y): (u8, u8)) -> Self {
        Self { x, y }
    }
}

impl From<Point> for (u8, u8) {
    fn from(Point { x, y }: Point) -> Self {
        (x, y)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Everything {
    distance: Meters,
    pair: Pair,
    nothing: Nothing,
    point: Point,
    #[serde(rename = "type", alias = "kind", alias = "a_kind")]
    of: Option<u8>,
    #[serde(skip)]
    skipped: u8,
    #[serde(default)]
    defaulted: Vec<(u8, bool)>,
}

#[test]
fn values_under_attributes_of_serde_fit_and_round_trip() {
    let everything = Everything {
        distance: Meters(1.0),
        pair: Pair(1, "a".to_owned()),
        nothing: Nothing,
        point: Point { x: 1, y: 2 },
        of: None,
        skipped: 0,
        defaulted: vec![(1, true)],
    };
    let of = Some(3);
    assert_round_trip([
        Everything {
            of,
            ..everything.clone()
        },
        everything,
    ]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Aliased {
    #[serde(alias = "Z", alias = "Y")]
    A,
    #[serde(alias = "X")]
    B(u8),
    C {
        x: u8,
    },
    #[serde(other)]
    D,
}

#[test]
fn aliased_variants_fit_and_round_trip() {
    assert_round_trip([Aliased::A, Aliased::B(1), Aliased::C { x: 1 }, Aliased::D]);
}

/// Serialised by `serialize_bytes`, read as a sequence.
#[derive(Debug, PartialEq, Deserialize)]
struct Written(Vec<u8>);

impl Serialize for Written {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// Serialised as a sequence, read by `deserialize_byte_buf`.
#[derive(Debug, PartialEq, Serialize)]
struct Read(Vec<u8>);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Read;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Read, E> {
                Ok(Read(bytes.to_vec()))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[test]
fn bytes_and_sequences_of_bytes_are_one() {
    assert_round_trip([Written(vec![]), Written(vec![0, 200])]);
    assert_round_trip([Read(vec![]), Read(vec![0, 200])]);
}
