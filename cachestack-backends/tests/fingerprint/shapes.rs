//! Types that tracing has to get through.

use std::any::type_name;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroI8, NonZeroU32, NonZeroU128, Wrapping};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use cachestack_backends::{Fingerprint, trace};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::fit;

/// Traced whole, and fit for any codec.
fn assert_complete<T: DeserializeOwned + 'static>() {
    let traced = trace::<T>();
    assert!(traced.is_complete(), "{}: {traced:#?}", type_name::<T>());
    assert_eq!(traced.needs_self_describing(), None, "{}", type_name::<T>());
}

fn assert_self_describing<T: DeserializeOwned + 'static>(reason: &str) {
    let traced = trace::<T>();
    assert!(!traced.is_complete(), "{}", type_name::<T>());
    let given = traced.needs_self_describing().unwrap_or("none");
    assert!(given.starts_with(reason), "{}: {given}", type_name::<T>());
}

#[test]
fn types_of_std_are_traced_whole() {
    assert_complete::<((), bool, char, i8, i16, i32, i64, i128)>();
    assert_complete::<(u8, u16, u32, u64, u128, usize, isize, f32, f64)>();
    assert_complete::<(
        Duration,
        SystemTime,
        Range<u8>,
        RangeInclusive<i64>,
        Bound<u8>,
    )>();
    assert_complete::<(
        IpAddr,
        SocketAddr,
        PathBuf,
        std::ffi::OsString,
        std::ffi::CString,
    )>();
    assert_complete::<(NonZeroU32, NonZeroI8, NonZeroU128, Wrapping<u8>)>();
    assert_complete::<(
        Option<Option<()>>,
        Result<Vec<u8>, String>,
        [u8; 0],
        [String; 32],
    )>();
    assert_complete::<HashMap<(u8, String), BTreeMap<char, Vec<Option<Box<str>>>>>>();
    assert_complete::<(
        std::cell::Cell<u8>,
        std::sync::Mutex<u8>,
        std::cmp::Reverse<u8>,
    )>();
    assert_complete::<(std::marker::PhantomData<u8>, Box<[u16]>)>();
}

#[test]
fn types_that_refuse_most_samples_are_traced_whole() {
    assert_complete::<(
        chrono::DateTime<chrono::Utc>,
        chrono::NaiveDate,
        chrono::NaiveTime,
    )>();
    assert_complete::<(chrono::NaiveDateTime, chrono::Weekday, chrono::Month)>();
    assert_complete::<Vec<uuid::Uuid>>();
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Event {
        at: chrono::DateTime<chrono::FixedOffset>,
        #[serde(with = "chrono::serde::ts_milliseconds")]
        until: chrono::DateTime<chrono::Utc>,
        id: Option<uuid::Uuid>,
        last: u8,
    }
    assert_complete::<Event>();
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(u32, u32)", into = "(u32, u32)")]
#[derive(Clone)]
struct Ascending(u32, u32);

impl TryFrom<(u32, u32)> for Ascending {
    type Error = &'static str;

    fn try_from((low, high): (u32, u32)) -> Result<Self, Self::Error> {
        (low < high)
            .then_some(Self(low, high))
            .ok_or("not ascending")
    }
}

impl From<Ascending> for (u32, u32) {
    fn from(Ascending(low, high): Ascending) -> Self {
        (low, high)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Vec<String>")]
struct Emails;

impl TryFrom<Vec<String>> for Emails {
    type Error = &'static str;

    fn try_from(all: Vec<String>) -> Result<Self, Self::Error> {
        let right = all.len() == 2 && all.iter().all(|one| one.contains('@'));
        right.then_some(Self).ok_or("not two emails")
    }
}

#[test]
fn types_that_check_later_what_they_read_are_traced_whole() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Checked {
        range: Ascending,
        emails: Option<Emails>,
        last: (Ascending, u8),
    }
    assert_complete::<Checked>();
    fit(&Ascending(1, 2)).unwrap();
}

#[test]
fn recursive_types_are_traced_whole() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    enum Expr {
        Call { callee: Box<Expr>, args: Vec<Expr> },
        Pair(Box<Expr>, Box<Expr>),
        Block(Vec<Stmt>),
        Not(Box<Expr>),
        Lit(Lit),
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    enum Stmt {
        Let {
            name: String,
            value: Expr,
            ty: Option<Ty>,
        },
        Expr(Expr),
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Ty(HashMap<String, Ty>);
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    enum Lit {
        Closure(Box<Stmt>),
        Int(i64),
        Unit,
    }
    assert_complete::<Expr>();
    assert_complete::<Stmt>();
    assert_complete::<Vec<(Ty, Option<Lit>)>>();

    #[derive(Deserialize)]
    #[serde(transparent)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Nested(Vec<Nested>);
    assert_complete::<Nested>();
}

#[test]
fn attributes_of_serde_are_traced_whole() {
    #[derive(Deserialize, Serialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct All {
        #[serde(rename = "ID")]
        id: u32,
        #[serde(default)]
        count: u8,
        #[serde(skip)]
        cached: Option<u64>,
        #[serde(alias = "other", alias = "an_alias")]
        one: String,
        #[serde(deserialize_with = "from_text", serialize_with = "to_text")]
        number: u64,
        last_one: bool,
    }
    fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
    fn to_text<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }
    assert_complete::<All>();
    fit(&All::default()).unwrap();

    #[derive(Deserialize, Serialize)]
    enum Aliased {
        #[serde(alias = "Z", alias = "Y")]
        A,
        #[serde(alias = "X")]
        B(u8),
        C {
            x: u8,
        },
    }
    assert_complete::<Aliased>();
    for value in [Aliased::A, Aliased::B(1), Aliased::C { x: 1 }] {
        fit(&value).unwrap();
    }

    #[derive(Deserialize, Serialize)]
    enum Open {
        #[serde(alias = "Z")]
        A,
        #[serde(other)]
        Unknown,
    }
    assert_complete::<Open>();
    for value in [Open::A, Open::Unknown] {
        fit(&value).unwrap();
    }
}

#[test]
fn what_needs_a_self_describing_codec_says_so() {
    #[derive(Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    enum Untagged {
        A(u32),
        B { x: String },
    }
    #[derive(Deserialize)]
    #[serde(tag = "t")]
    #[allow(dead_code, reason = "only its shape is looked at")]
    enum Internal {
        A { x: u32 },
        B,
    }
    #[derive(Deserialize)]
    #[serde(tag = "t", content = "c")]
    #[allow(dead_code, reason = "only its shape is looked at")]
    enum Adjacent {
        A(u32),
        B { x: String },
        C,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Flat {
        a: u32,
        #[serde(flatten)]
        rest: HashMap<String, u32>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Payload {
        body: Vec<Option<serde_json::Value>>,
    }
    assert_self_describing::<serde_json::Value>("it asks for `deserialize_any` (");
    assert_self_describing::<Payload>("it asks for `deserialize_any` at .body[] (");
    assert_self_describing::<Untagged>("it asks for `deserialize_any` (");
    assert_self_describing::<Internal>("it asks for `deserialize_any` (");
    assert_self_describing::<Adjacent>("it asks for `deserialize_identifier` at .t (");
    assert_self_describing::<Flat>("it asks for `deserialize_identifier` at [key] (");
    assert_self_describing::<serde::de::IgnoredAny>("it passes over data");
}

struct ByName;

impl<'de> Deserialize<'de> for ByName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum("ByName", &["A", "B"], Keyed)
    }
}

struct AsMap;

impl<'de> Deserialize<'de> for AsMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("AsMap", &["a"], Keyed)?;
        Ok(Self)
    }
}

/// Knows variants and fields by name alone.
struct Keyed;

impl<'de> serde::de::Visitor<'de> for Keyed {
    type Value = ByName;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("names")
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, access: A) -> Result<ByName, A::Error> {
        let (_, content) = access.variant::<String>()?;
        serde::de::VariantAccess::unit_variant(content)?;
        Ok(ByName)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<ByName, A::Error> {
        while map.next_entry::<String, u8>()?.is_some() {}
        Ok(ByName)
    }
}

#[test]
fn what_is_known_by_name_alone_needs_a_self_describing_codec() {
    assert_self_describing::<ByName>("it knows the variants of an enum by name alone");
    assert_self_describing::<(u8, AsMap)>(
        "it cannot read the fields of a struct in their order at .1",
    );
}

#[test]
fn long_arrays_and_deep_nests_end() {
    struct Big;
    impl<'de> Deserialize<'de> for Big {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Big;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("all of it")
                }
                fn visit_seq<A: serde::de::SeqAccess<'de>>(
                    self,
                    mut all: A,
                ) -> Result<Big, A::Error> {
                    while all.next_element::<u8>()?.is_some() {}
                    Ok(Big)
                }
            }
            deserializer.deserialize_tuple(usize::MAX, Visitor)
        }
    }
    assert!(!trace::<Big>().is_complete());

    type Tuples<T> = ((((((((T,),),),),),),),);
    type Tuples40<T> = Tuples<Tuples<Tuples<Tuples<Tuples<T>>>>>;
    assert_complete::<Tuples40<Tuples40<u8>>>();
    assert!(!trace::<Tuples40<Tuples40<Tuples40<u8>>>>().is_complete());

    type Nest<T> = Vec<Vec<Vec<Vec<Vec<Option<Option<T>>>>>>>;
    assert_complete::<Nest<Nest<Nest<Nest<u8>>>>>();
    assert!(!trace::<Nest<Nest<Nest<Nest<Nest<Nest<Nest<Nest<u8>>>>>>>>>().is_complete());
}

#[test]
fn a_dense_web_of_types_is_traced_whole() {
    macro_rules! web {
        ([$($name:ident)*] $all:tt) => {$(web!(@ $name $all);)*};
        (@ $name:ident [$($to:ident)*]) => {
            #[derive(Deserialize)]
            #[allow(dead_code, reason = "only its shape is looked at")]
            enum $name {
                $($to(Box<$to>),)*
                All { $($to: Vec<$to>,)* },
                #[serde(rename = "end")]
                End(chrono::NaiveDate),
            }
        };
    }
    mod web {
        #![allow(
            non_snake_case,
            clippy::enum_variant_names,
            clippy::large_enum_variant,
            reason = "what matters is that all refer to all"
        )]
        use serde::Deserialize;
        web!([A B C D E F G H I J K L M N O P] [A B C D E F G H I J K L M N O P]);
        #[derive(Deserialize)]
        #[allow(dead_code, reason = "only its shape is looked at")]
        pub(super) struct Root(A);
    }
    assert_complete::<web::Root>();
}

#[test]
fn types_that_cannot_be_made_end_incomplete_or_whole() {
    #[derive(Deserialize)]
    enum Void {}
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Endless {
        again: Box<Endless>,
        after: u8,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is looked at")]
    struct Never {
        void: Void,
        after: u8,
    }
    assert_complete::<Option<Void>>();
    assert!(!trace::<Never>().is_complete());
    assert!(!trace::<Endless>().is_complete());
}

/// Takes no element for an answer.
#[derive(Deserialize)]
struct Lenient(#[serde(deserialize_with = "lenient")] ());

fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = ();
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
            while !matches!(all.next_element::<NonZeroU32>(), Ok(None)) {}
            Ok(())
        }
    }
    deserializer.deserialize_seq(Visitor)
}

#[test]
fn a_reader_that_passes_over_errors_comes_to_an_end() {
    assert_complete::<Lenient>();
    let Lenient(()) = postcard::from_bytes(&[1, 1]).unwrap();
}

#[test]
fn a_type_is_traced_once() {
    let (first, second) = (trace::<Vec<u8>>(), trace::<Vec<u8>>());
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

#[test]
fn a_fingerprint_survives_being_stored() {
    let fingerprint = trace::<u8>().fingerprint();
    assert_eq!(Fingerprint::from_u64(fingerprint.as_u64()), fingerprint);
    assert_eq!(
        fingerprint.to_string(),
        format!("{:016x}", fingerprint.as_u64())
    );
}

/// Its `Deserialize` takes for granted what only it ever wrote.
#[derive(Debug, Clone, Serialize)]
struct Brittle(u32);

impl<'de> Deserialize<'de> for Brittle {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(text.strip_prefix("no-").unwrap().parse().unwrap()))
    }
}

#[test]
fn a_deserialize_that_panics_ends_its_trace_and_nothing_else() {
    let traced = trace::<Vec<Brittle>>();
    assert!(!traced.is_complete());
    assert!(trace::<u32>().is_complete());
}
