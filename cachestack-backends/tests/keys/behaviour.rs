//! What is told apart, and what is not.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use cachestack_backends::{KeyText, KeyWriter};
use serde::Serialize;

use super::key;

fn assert_all_differ(keys: &[String]) {
    let distinct: HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "{keys:?}");
}

#[test]
fn maps_are_written_alike_in_any_order() {
    let forwards: HashMap<u32, String> = (0..100).map(|i| (i, i.to_string())).collect();
    let backwards: HashMap<u32, String> = (0..100).rev().map(|i| (i, i.to_string())).collect();
    let ordered: BTreeMap<u32, String> = (0..100).map(|i| (i, i.to_string())).collect();
    assert_eq!(key(&forwards), key(&backwards));
    assert_eq!(key(&forwards), key(&ordered));
}

#[test]
fn nested_maps_are_sorted_inside_first() {
    let inner = |order: [u8; 3]| {
        order
            .map(|k| (k, "v"))
            .into_iter()
            .collect::<HashMap<_, _>>()
    };
    let a = HashMap::from([("x", inner([1, 2, 3])), ("y", inner([4, 5, 6]))]);
    let b = HashMap::from([("y", inner([6, 5, 4])), ("x", inner([3, 1, 2]))]);
    assert_eq!(key(&a), key(&b));
    assert_eq!(
        key(&a),
        r#"{"x":{1u8:"v",2u8:"v",3u8:"v"},"y":{4u8:"v",5u8:"v",6u8:"v"}}"#
    );
}

#[test]
fn maps_longer_than_the_inline_part_are_sorted() {
    let long = "x".repeat(100);
    let map = HashMap::from([("b", &long), ("a", &long), ("c", &long)]);
    assert_eq!(
        key(&map),
        format!(r#"{{"a":"{long}","b":"{long}","c":"{long}"}}"#)
    );
}

#[test]
fn hash_sets_are_sorted_wherever_they_are_seen() {
    #[allow(clippy::box_collection, reason = "boxed sets are what is tested")]
    #[derive(Serialize)]
    struct Holder<'a> {
        set: &'a HashSet<u32>,
        option: Option<HashSet<u32>>,
        boxed: Box<HashSet<u32>>,
        list: Vec<HashSet<u32>>,
        map: BTreeMap<u8, HashSet<u32>>,
        pair: (HashSet<u32>, Newtype),
        nested: BTreeMap<u8, Vec<Option<Box<HashSet<u32>>>>>,
    }
    #[derive(Serialize)]
    struct Newtype(HashSet<u32>);

    let holder = |numbers: Vec<u32>| {
        let set = || numbers.iter().copied().collect::<HashSet<_>>();
        key(&Holder {
            set: &set(),
            option: Some(set()),
            boxed: Box::new(set()),
            list: vec![set()],
            map: [(1, set())].into(),
            pair: (set(), Newtype(set())),
            nested: [(1, vec![Some(Box::new(set()))])].into(),
        })
    };
    assert_eq!(holder((0..50).collect()), holder((0..50).rev().collect()));
    assert_eq!(holder((0..50).collect()).matches("#{").count(), 8);
}

#[test]
fn sets_of_texts_are_sorted() {
    let set: HashSet<&str> = ["b", "a,b", "a"].into();
    assert_eq!(key(&set), r##"#{"a","a,b","b"}"##);
    assert_eq!(key(&&set), key(&set));
    assert_eq!(key(&Some(set)), r##"Some(#{"a","a,b","b"})"##);
}

#[test]
fn options_are_told_apart_at_every_depth() {
    assert_all_differ(&[
        key(&()),
        key(&None::<()>),
        key(&Some(())),
        key(&Some(None::<()>)),
        key(&Some(Some(()))),
        key(""),
        key("None"),
        key(&[(); 0]),
        key(&Vec::<()>::new()),
    ]);
}

#[test]
fn floats_are_told_apart_by_their_bits() {
    assert_ne!(key(&0.0f64), key(&-0.0f64));
    assert_ne!(key(&0.1f32), key(&0.1f64));
    assert_ne!(key(&0.1f64), key(&f64::from_bits(0.1f64.to_bits() + 1)));
    assert_ne!(key(&1.0f64), key(&1u64));
    let payload = f64::from_bits(f64::NAN.to_bits() | 1);
    assert_ne!(key(&f64::NAN), key(&payload));
    assert_ne!(key(&f64::NAN), key(&-f64::NAN));
    assert_eq!(key(&f64::NAN), key(&f64::NAN));
    assert_ne!(key(&f32::INFINITY), key(&f32::NEG_INFINITY));
}

#[test]
fn numbers_of_different_types_are_told_apart() {
    assert_all_differ(&[
        key(&1i8),
        key(&1i64),
        key(&1u64),
        key(&1u128),
        key(&1i128),
        key(&1f32),
        key(&1f64),
        key("1"),
        key(&'1'),
        key(&true),
    ]);
}

#[test]
fn kinds_of_nothing_are_told_apart() {
    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    struct Empty {}
    #[derive(Serialize)]
    struct Tuple();
    #[derive(Serialize)]
    struct Newtype(());
    #[derive(Serialize)]
    enum Enum {
        Unit,
        Empty {},
        Tuple(),
    }
    assert_all_differ(&[
        key(&()),
        key(&[(); 0]),
        key(&Unit),
        key(&Empty {}),
        key(&Tuple()),
        key(&Newtype(())),
        key(&Enum::Unit),
        key(&Enum::Empty {}),
        key(&Enum::Tuple()),
        key(&HashMap::<u8, u8>::new()),
        key(&HashSet::<u8>::new()),
        key(&Vec::<u8>::new()),
    ]);
}

#[test]
fn texts_are_told_apart_from_what_they_resemble() {
    #[derive(Serialize)]
    #[serde(rename = "a")]
    struct A;
    assert_all_differ(&[
        key("a"),
        key(&'a'),
        key(&A),
        key(&["a"]),
        key(&vec!["a"]),
        key("\"a\""),
        key("a\",\"a"),
    ]);
    assert_all_differ(&[key("\n"), key("\\n"), key("n"), key("\\u{a}"), key("\\\n")]);
}

#[test]
fn names_that_are_words_of_the_grammar_are_quoted() {
    #[derive(Serialize)]
    struct Some(u8);
    #[derive(Serialize)]
    struct None;
    #[derive(Serialize)]
    #[serde(rename = "A::B#0")]
    struct Variant;
    #[derive(Serialize)]
    enum A {
        B,
    }
    assert_eq!(key(&Some(1)), "`Some`(1u8)");
    assert_ne!(key(&Some(1)), key(&Option::Some(1u8)));
    assert_ne!(key(&None), key(&Option::<u8>::None));
    assert_ne!(key(&None), key("None"));
    assert_ne!(key(&Variant), key(&A::B));
}

#[test]
fn untagged_variants_are_written_as_what_serde_sees() {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Text(String),
        Nothing,
    }
    assert_eq!(key(&Id::Number(7)), key(&7u64));
    assert_eq!(key(&Id::Text("7".into())), key("7"));
    assert_eq!(key(&Id::Nothing), key(&()));
}

#[test]
fn variants_with_one_name_are_told_apart_by_their_index() {
    #[derive(Serialize)]
    enum Twins {
        #[serde(rename = "same")]
        A,
        #[serde(rename = "same")]
        B,
    }
    assert_ne!(key(&Twins::A), key(&Twins::B));
}

#[test]
fn argument_lists_are_told_apart_by_their_bounds() {
    let list = |arguments: &[&str]| {
        let mut writer = KeyWriter::function("f");
        arguments
            .iter()
            .for_each(|argument| writer.argument(argument));
        writer.finish().unwrap().into_string()
    };
    assert_all_differ(&[
        list(&[]),
        list(&[""]),
        list(&["", ""]),
        list(&["a", "b"]),
        list(&["ab"]),
        list(&["a,b"]),
        list(&["a\",\"b"]),
        list(&["b", "a"]),
    ]);
}

#[test]
fn values_are_written_for_people() {
    let address: IpAddr = "127.0.0.1".parse().unwrap();
    let date = chrono::DateTime::from_timestamp(0, 0).unwrap();
    assert_eq!(
        key(&uuid::Uuid::nil()),
        r#""00000000-0000-0000-0000-000000000000""#
    );
    assert_eq!(key(&date), r#""1970-01-01T00:00:00Z""#);
    assert_eq!(key(&(address,)), r#"("127.0.0.1",)"#);
}

#[test]
fn texts_of_all_lengths_around_the_inline_part_are_whole() {
    for len in 100..300 {
        let text = "é".repeat(len / 2) + &"x".repeat(len % 2);
        let mut writer = KeyWriter::function("f");
        writer.argument(&text);
        writer.argument(&7u8);
        let key = writer.finish().unwrap();
        assert_eq!(key.as_str(), format!("f(\"{text}\",7u8)"));
        assert_eq!(key.as_bytes(), key.as_str().as_bytes());
        assert_eq!(key.clone().into_string(), *key);
    }
}

#[test]
fn texts_with_an_escape_at_any_place_are_whole() {
    for len in 0..70 {
        for at in 0..=len {
            let text = format!("{}\n{}", "x".repeat(at), "y".repeat(len - at));
            assert_eq!(key(&text), format!("{text:?}"));
        }
    }
}

#[test]
fn texts_are_compared_and_hashed_by_what_is_written() {
    let finish = |value: &str| {
        let mut writer = KeyWriter::function("f");
        writer.argument(value);
        writer.finish().unwrap()
    };
    let keys: HashSet<KeyText> = ["a", "b", "a"].map(finish).into();
    assert_eq!(keys.len(), 2);
    assert_eq!(finish("a"), finish("a"));
    assert_ne!(finish("a"), finish("b"));
    assert_eq!(AsRef::<str>::as_ref(&finish("a")), "f(\"a\")");
}

#[test]
fn debug_shows_lengths_only() {
    let mut writer = KeyWriter::function("f");
    writer.argument("secret");
    assert_eq!(format!("{writer:?}"), "KeyWriter { len: 10, .. }");
    let text = writer.finish().unwrap();
    assert_eq!(format!("{text:?}"), "KeyText { len: 11, .. }");
}
