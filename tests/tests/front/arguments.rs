//! Nobody is given the value of other arguments, however alike they are.

use std::fmt;
use std::sync::Arc;

use cachestack::cached;
use cachestack_tests::within;
use serde::{Serialize, Serializer};

use super::{PATIENCE, Shop};

#[derive(Debug, Clone, Serialize)]
struct Newtype(u8);

#[derive(Debug, Clone, Serialize)]
struct Other(u8);

#[derive(Debug, Clone, Serialize)]
struct Unit;

#[derive(Debug, Clone, Serialize)]
struct Empty;

#[derive(Debug, Clone, Serialize)]
enum Kind {
    Unit,
    Other,
    Newtype(u8),
}

#[derive(Debug, Clone, Serialize)]
enum Sort {
    Unit,
    Other,
}

#[derive(Debug, Clone)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// Arguments that one function takes for each other's but for what they say to the serializer.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Any {
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
    F32(f32),
    F64(f64),
    Bool(bool),
    Char(char),
    Text(String),
    Bytes(Bytes),
    Option(Option<u8>),
    Nested(Option<Option<u8>>),
    Nothing(()),
    Newtype(Newtype),
    Other(Other),
    Unit(Unit),
    Empty(Empty),
    Kind(Kind),
    Sort(Sort),
    Pair(u8, u8),
    Sequence(Vec<u8>),
}

impl Any {
    /// What tells it from all others; floats by their bits.
    fn name(&self) -> String {
        match self {
            Self::F32(it) => format!("f32 {:x}", it.to_bits()),
            Self::F64(it) => format!("f64 {:x}", it.to_bits()),
            // `Option<Option<_>>` of nothing is said like `Option` of nothing.
            Self::Option(None) | Self::Nested(None) => String::from("None"),
            Self::Nested(Some(inner @ Some(_))) => format!("Some({inner:?})"),
            other => format!("{other:?}"),
        }
    }
}

fn numbers() -> Vec<Any> {
    let mut all = Vec::new();
    for small in [-128_i8, -1, 0, 1, 2, 127] {
        all.extend([Any::I8(small), Any::I16(small.into())]);
        all.extend([Any::I32(small.into()), Any::I64(small.into())]);
        all.push(Any::I128(small.into()));
    }
    for small in [0_u8, 1, 2, 127, 255] {
        all.extend([Any::U8(small), Any::U16(small.into())]);
        all.extend([Any::U32(small.into()), Any::U64(small.into())]);
        all.push(Any::U128(small.into()));
    }
    all.extend([Any::I16(i16::MIN), Any::I32(i32::MIN), Any::I64(i64::MIN)]);
    all.extend([Any::I128(i128::MIN), Any::U16(256), Any::U16(u16::MAX)]);
    all.extend([Any::U32(u32::MAX), Any::U64(u64::MAX), Any::U128(u128::MAX)]);
    for bits in [
        0,
        0x8000_0000,
        0x3f80_0000,
        0x7fc0_0000,
        0x7fc0_0001,
        0x7f80_0000,
    ] {
        all.push(Any::F32(f32::from_bits(bits)));
        all.push(Any::F64(f64::from_bits(u64::from(bits) << 32)));
    }
    all.extend([-0.0, 0.0, f64::NAN, -f64::NAN, f64::INFINITY, 1.5].map(Any::F64));
    all
}

fn others() -> Vec<Any> {
    let mut all = vec![Any::Bool(false), Any::Bool(true), Any::Nothing(())];
    all.extend(['\0', '\u{1}', 'a', '1', '\u{10ffff}'].map(Any::Char));
    let texts = ["", "\0", "\0\0", "a", "ab", "1", "true", "None", "()"];
    all.extend(texts.map(|it| Any::Text(it.to_owned())));
    all.extend(texts.map(|it| Any::Bytes(Bytes(it.as_bytes().to_vec()))));
    // Around the lengths from which a call is not told in short any more, and far beyond.
    for length in (0..34).chain(56..68).chain([200, 10_000]) {
        for end in ['a', 'b'] {
            let text = "x".repeat(length) + &end.to_string();
            all.push(Any::Bytes(Bytes(text.clone().into_bytes())));
            all.push(Any::Text(text));
        }
    }
    all.extend([None, Some(0), Some(1)].map(Any::Option));
    all.extend([Some(None), Some(Some(0)), Some(Some(1))].map(Any::Nested));
    all.extend([Any::Newtype(Newtype(0)), Any::Newtype(Newtype(1))]);
    all.extend([Any::Other(Other(0)), Any::Other(Other(1))]);
    all.extend([Any::Unit(Unit), Any::Empty(Empty)]);
    all.extend([Kind::Unit, Kind::Other, Kind::Newtype(0), Kind::Newtype(1)].map(Any::Kind));
    all.extend([Sort::Unit, Sort::Other].map(Any::Sort));
    all.extend([Any::Pair(0, 0), Any::Pair(0, 1)]);
    all.extend([vec![], vec![0], vec![0, 0]].map(Any::Sequence));
    all
}

#[cached]
fn name(any: &Any) -> String {
    any.name()
}

/// The same for a value that is copied.
#[cached]
fn length(any: &Any, beside: &str) -> (usize, u64) {
    (any.name().len() + beside.len(), sum_of(&any.name()))
}

fn sum_of(text: &str) -> u64 {
    text.bytes().fold(7, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    })
}

#[test]
fn arguments_of_every_plain_kind_stay_apart() {
    within(PATIENCE, || {
        let all: Vec<Any> = numbers().into_iter().chain(others()).collect();
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for _ in 0..4 {
                for any in &all {
                    assert_eq!(name(any), any.name());
                    for beside in ["", "a", "a text that is not short"] {
                        let expected = (any.name().len() + beside.len(), sum_of(&any.name()));
                        assert_eq!(length(any, beside), expected, "{any:?}, {beside}");
                    }
                }
            }
            let mut names: Vec<String> = all.iter().map(Any::name).collect();
            names.sort();
            names.dedup();
            assert_eq!(name::entries().stats().computed, names.len() as u64);
        });
    });
}

#[test]
fn neighbouring_arguments_stay_apart_wherever_one_ends() {
    #[cached]
    fn joined(a: &str, b: &str, c: Option<u8>) -> String {
        format!("{a}|{b}|{c:?}")
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            let text =
                "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
            for _ in 0..3 {
                for end in (0..26).chain(52..66) {
                    for middle in 0..=end {
                        for c in [None, Some(0), Some(17)] {
                            let (a, b) = text[..end].split_at(middle);
                            assert_eq!(joined(a, b, c), format!("{a}|{b}|{c:?}"));
                        }
                    }
                }
            }
        });
    });
}

#[test]
fn what_is_called_with_longer_arguments_is_at_hand_too() {
    #[cached]
    fn length(text: &str, version: u32) -> u64 {
        text.len() as u64 + u64::from(version)
    }
    #[cached]
    fn shared(text: &str) -> Arc<String> {
        Arc::new(text.to_owned())
    }
    #[cached(key = "front:longer:{text}")]
    fn named(text: &str) -> u64 {
        text.len() as u64
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for count in [0, 10, 16, 17, 21, 22, 36, 50, 56, 57, 61, 62, 200] {
                let text = "0".repeat(count);
                let all = || {
                    assert_eq!(length(&text, 3), count as u64 + 3);
                    assert_eq!(*shared(&text), text);
                    assert_eq!(named(&text), count as u64);
                };
                shop.to_hand(3, all);
                let computed = || length::entries().stats().computed;
                let before = computed();
                length::entry(&text, 3).blocking().invalidate().unwrap();
                shared::entry(&text).blocking().invalidate().unwrap();
                named::entry(&text).blocking().invalidate().unwrap();
                all();
                assert_eq!(computed(), before + 1, "{count}");
                shop.to_hand(3, all);
            }
        });
    });
}

/// Not plain: what it displays tells it.
struct Version(u32, u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cached(key = "front:sized:{x}")]
fn sized<const N: usize>(x: u64) -> u64 {
    x * 1_000 + N as u64
}

#[cached(key = "front:shown:{x}")]
fn shown<T: fmt::Display>(x: T) -> String {
    format!("{} {x}", std::any::type_name::<T>())
}

#[test]
fn calls_by_a_template_are_at_hand_and_stay_apart_whatever_its_values_are() {
    #[cached(key = "front:plain:{a}:{b}:{c}:{d}")]
    fn plain(a: &str, b: String, c: char, d: bool) -> String {
        format!("{a}|{b}|{c}|{d}")
    }
    #[cached(key = "front:version:{version}:{n}")]
    fn of_version(version: &Version, n: i64) -> i64 {
        i64::from(version.0) * 100 + i64::from(version.1) * 10 + n
    }
    #[cached(key = "front:raw:{n}:{text:raw}")]
    fn raw(n: u8, text: &str) -> String {
        format!("{n}|{text}")
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        let all = || {
            let long = "x".repeat(60);
            for (a, b) in [
                ("", "ab"),
                ("a", "b"),
                ("ab", ""),
                ("a:", "b"),
                (&long, "b"),
            ] {
                for (c, d) in [('c', true), ('c', false), ('ß', false)] {
                    let expected = format!("{a}|{b}|{c}|{d}");
                    assert_eq!(plain(a, b.to_owned(), c, d), expected);
                }
                assert_eq!(raw(1, a), format!("1|{a}"));
                assert_eq!(raw(11, a), format!("11|{a}"));
            }
            for (a, b) in [(1, 2), (2, 1), (0, 0)] {
                for n in [-1, 0, 1] {
                    let expected = i64::from(a) * 100 + i64::from(b) * 10 + n;
                    assert_eq!(of_version(&Version(a, b), n), expected);
                }
            }
            for x in [1, 2] {
                assert_eq!(
                    (sized::<1>(x), sized::<2>(x)),
                    (x * 1_000 + 1, x * 1_000 + 2)
                );
            }
            assert_eq!(shown(1_u8), "u8 1");
            assert_eq!(shown(1_u64), "u64 1");
            assert_eq!(shown("1"), "&str 1");
        };
        shop.cache
            .sync_scope(|| shop.to_hand(15 + 10 + 9 + 4 + 3, all));
        let computed = [plain::entries().stats(), of_version::entries().stats()];
        assert_eq!(computed.map(|it| it.computed), [15, 9]);
    });
}
