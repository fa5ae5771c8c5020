//! How values become bytes: what each codec carries and refuses, and what the envelope notices.
#![cfg(all(feature = "json", feature = "msgpack"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use cachestack_backends::{
    CacheValue, Clock, Codec, Entry, ErrorKind, Generation, Key, Lookup, Namespace, Rejected,
    Serializer, ValueType,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

fn codecs() -> [Codec; 3] {
    [Codec::Postcard, Codec::Json, Codec::Msgpack]
}

fn key(text: &str) -> Key {
    Key::new(&Namespace::new("shop"), text)
}

fn sealed<T: CacheValue>(codec: &Codec, value: T) -> Vec<u8> {
    let clock = Clock::system();
    let entry = Entry::new(value, clock.now());
    codec.seal(&key("k"), &entry, &clock).unwrap().to_bytes()
}

fn opened<T: CacheValue>(codec: &Codec, bytes: &[u8]) -> Result<Lookup, Rejected> {
    codec.open(&key("k"), bytes, ValueType::of::<T>(), &Clock::system())
}

fn read<T: CacheValue>(codec: &Codec, bytes: &[u8]) -> Option<T> {
    let entry = opened::<T>(codec, bytes).ok()?.hit()?;
    entry.value::<T>().cloned()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    note: Option<String>,
    lines: Vec<(String, i32)>,
    kind: Kind,
    by_name: BTreeMap<String, f64>,
    unit: (),
    big: i128,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    New(String),
    Tuple(u8, char),
    Struct { at: u32, deep: Option<Box<Kind>> },
}

fn kinds() -> impl Strategy<Value = Kind> {
    let leaf = prop_oneof![
        Just(Kind::Unit),
        any::<String>().prop_map(Kind::New),
        any::<(u8, char)>().prop_map(|(a, b)| Kind::Tuple(a, b)),
    ];
    leaf.prop_recursive(3, 8, 1, |inner| {
        (any::<u32>(), prop::option::of(inner)).prop_map(|(at, deep)| Kind::Struct {
            at,
            deep: deep.map(Box::new),
        })
    })
}

prop_compose! {
    fn orders()(
        id in any::<u64>(),
        note in any::<Option<String>>(),
        lines in any::<Vec<(String, i32)>>(),
        kind in kinds(),
        by_name in prop::collection::btree_map(any::<String>(), -1e300..1e300f64, 0..5),
        big in any::<i128>(),
    ) -> Order {
        Order { id, note, lines, kind, by_name, unit: (), big }
    }
}

proptest! {
    #[test]
    fn every_codec_gives_back_what_it_got(order in orders()) {
        for codec in codecs() {
            let bytes = sealed(&codec, order.clone());
            prop_assert_eq!(read::<Order>(&codec, &bytes), Some(order.clone()), "{:?}", codec);
        }
    }

    #[test]
    fn a_changed_byte_is_noticed_wherever_it_is(order in orders(), at in any::<prop::sample::Index>(), by in 1..=255u8) {
        for codec in codecs() {
            let mut bytes = sealed(&codec, order.clone());
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert!(opened::<Order>(&codec, &bytes).is_err(), "{codec:?}, byte {at}");
        }
    }

    #[test]
    fn a_cut_or_extended_entry_is_noticed(order in orders(), at in any::<prop::sample::Index>(), more in prop::collection::vec(any::<u8>(), 1..20)) {
        for codec in codecs() {
            let bytes = sealed(&codec, order.clone());
            let cut = &bytes[..at.index(bytes.len())];
            prop_assert!(opened::<Order>(&codec, cut).is_err());
            let extended = [&bytes[..], &more[..]].concat();
            prop_assert!(opened::<Order>(&codec, &extended).is_err());
        }
    }

    #[test]
    fn anything_at_all_can_be_opened_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), ours in any::<bool>()) {
        let bytes = if ours { [b"cachestack/1 value postcard 0 ", &bytes[..]].concat() } else { bytes };
        for codec in codecs() {
            prop_assert!(opened::<Order>(&codec, &bytes).is_err());
        }
    }

    #[test]
    fn any_payload_can_be_decoded_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for codec in codecs() {
            let _ = codec.decode::<Order>(&bytes);
            let _ = codec.decode::<Vec<Vec<String>>>(&bytes);
        }
    }
}

/// An envelope of our own making, with the right checksum.
fn forged(line: &str, payload: &[u8]) -> Vec<u8> {
    let line = format!("{line} {}", payload.len());
    let mut hasher = blake3::Hasher::new();
    hasher.update(line.as_bytes()).update(b"\n").update(payload);
    let sum: String = hasher.finalize().as_bytes()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    [format!("{line} {sum}\n").as_bytes(), payload].concat()
}

fn line(version: &str, kind: &str, flags: &str) -> String {
    let fingerprint = ValueTypeFingerprint::<u64>::hex();
    format!(
        "cachestack/{version} {kind} postcard {flags} 2026-01-01T00:00:00.000Z - - {fingerprint} shop/k -",
    )
}

struct ValueTypeFingerprint<T>(std::marker::PhantomData<T>);

impl<T: CacheValue> ValueTypeFingerprint<T> {
    fn hex() -> String {
        cachestack_backends::trace::<T>().fingerprint().to_string()
    }
}

#[test]
fn another_version_kind_or_flag_is_a_miss_that_is_left_alone() {
    let codec = Codec::Postcard;
    assert!(opened::<u64>(&codec, &forged(&line("1", "value", "0"), &[7])).is_ok());
    for (version, kind, flags) in [
        ("2", "value", "0"),
        ("1", "absent", "0"),
        ("1", "tombstone", "0"),
        ("1", "value", "1"),
        ("1", "value", "compressed"),
    ] {
        let found = opened::<u64>(&codec, &forged(&line(version, kind, flags), &[7]));
        assert_eq!(
            found.err(),
            Some(Rejected::Incompatible),
            "{version} {kind} {flags}"
        );
    }
}

#[test]
fn a_payload_that_claims_a_huge_length_is_corrupt() {
    let fingerprint = ValueTypeFingerprint::<Vec<u64>>::hex();
    let line = format!(
        "cachestack/1 value postcard 0 2026-01-01T00:00:00.000Z - - {fingerprint} shop/k -"
    );
    let bytes = forged(
        &line,
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    );
    let found = opened::<Vec<u64>>(&Codec::Postcard, &bytes);
    assert_eq!(found.err(), Some(Rejected::Corrupt));
}

#[test]
fn a_payload_with_something_behind_its_value_is_corrupt() {
    for (codec, payload) in [
        (Codec::Postcard, &b"\x07\x00"[..]),
        (Codec::Json, b"7 8"),
        (Codec::Msgpack, b"\x07\x08"),
    ] {
        assert!(codec.decode::<u64>(payload).is_err(), "{codec:?}");
        assert_eq!(codec.decode::<u64>(&payload[..1]).unwrap(), 7);
    }
}

#[test]
fn the_entry_of_another_key_is_not_given_out() {
    let bytes = sealed(&Codec::Postcard, 7u64);
    for other in [key("K"), key(""), Key::new(&Namespace::new("shop2"), "k")] {
        let found = Codec::Postcard.open(&other, &bytes, ValueType::of::<u64>(), &Clock::system());
        assert_eq!(found.err(), Some(Rejected::OtherKey));
    }
}

#[test]
fn another_type_is_a_mismatch_in_every_codec() {
    for codec in codecs() {
        let bytes = sealed(&codec, 7u32);
        let found = opened::<u64>(&codec, &bytes);
        assert!(matches!(found, Ok(Lookup::Mismatch)), "{found:?}");
    }
}

#[test]
fn another_codec_is_a_miss() {
    let bytes = sealed(&Codec::Json, 7u32);
    assert_eq!(
        opened::<u32>(&Codec::Postcard, &bytes).err(),
        Some(Rejected::Incompatible)
    );
}

#[test]
fn times_and_generations_come_back() {
    let clock = Clock::system();
    let now = clock.now();
    let entry = Entry::new(1u8, now)
        .created(now.saturating_sub(Duration::from_millis(5)))
        .fresh_until(now.checked_add(Duration::from_secs(5)))
        .expiring(now.checked_add(Duration::from_millis(60_250)))
        .depending_on([
            Generation::new("tag:a b,c=d%", 7),
            Generation::new("tag:ünï", u128::MAX),
        ]);
    let bytes = Codec::Postcard
        .seal(&key("k"), &entry, &clock)
        .unwrap()
        .to_bytes();
    let found = opened::<u8>(&Codec::Postcard, &bytes)
        .unwrap()
        .hit()
        .unwrap();
    assert_eq!(found.generations(), entry.generations());
    let close = |a, b: Option<Duration>| match (a, b) {
        (Some(a), Some(b)) => Duration::abs_diff(a, b) < Duration::from_millis(500),
        (a, b) => a == b,
    };
    assert!(close(found.time_left(now), entry.time_left(now)));
    let fresh = |entry: &Entry| entry.fresh_until_moment().map(|until| until.since(now));
    assert!(close(fresh(&found), fresh(&entry)));
    assert!(found.created_at() <= now);
}

#[test]
fn an_entry_ends_to_the_millisecond() {
    let clock = Clock::system();
    let now = clock.now();
    let entry = Entry::new(1u8, now).expiring(now.checked_add(Duration::from_millis(30)));
    let bytes = Codec::Postcard
        .seal(&key("k"), &entry, &clock)
        .unwrap()
        .to_bytes();
    assert!(opened::<u8>(&Codec::Postcard, &bytes).is_ok());
    std::thread::sleep(Duration::from_millis(35));
    assert_eq!(
        opened::<u8>(&Codec::Postcard, &bytes).err(),
        Some(Rejected::Expired)
    );
}

#[test]
fn an_end_beyond_the_calendar_is_no_end() {
    let clock = Clock::system();
    let now = clock.now();
    let entry = Entry::new(1u8, now).expiring(now.checked_add(Duration::from_secs(1 << 34)));
    for codec in codecs() {
        let bytes = codec.seal(&key("k"), &entry, &clock).unwrap().to_bytes();
        assert!(opened::<u8>(&codec, &bytes).is_ok());
    }
}

#[test]
fn the_header_is_one_readable_line() {
    let bytes = sealed(
        &Codec::Json,
        vec!["a", "b"]
            .into_iter()
            .map(String::from)
            .collect::<Vec<_>>(),
    );
    let text = String::from_utf8(bytes).unwrap();
    let (header, value) = text.split_once('\n').unwrap();
    assert!(
        header.starts_with("cachestack/1 value json 0 20"),
        "{header}"
    );
    assert!(header.contains(" shop/k "), "{header}");
    assert_eq!(value, r#"["a","b"]"#);
}

// What a codec cannot carry is an error when it is set, which names the type, the reason, and who can.

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    A { x: u64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flattened {
    id: u64,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Skipping {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
}

fn refusal<T: CacheValue>(codec: &Codec, value: T) -> String {
    let clock = Clock::system();
    let error = codec
        .seal(&key("k"), &Entry::new(value, clock.now()), &clock)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serialization);
    error.to_string()
}

#[test]
fn postcard_refuses_what_it_would_misread_and_names_the_codecs_that_can() {
    let rest = HashMap::from([("a".to_owned(), "b".to_owned())]);
    for (name, message) in [
        ("Untagged", refusal(&Codec::Postcard, Untagged::Number(1))),
        ("Tagged", refusal(&Codec::Postcard, Tagged::A { x: 1 })),
        (
            "Flattened",
            refusal(
                &Codec::Postcard,
                Flattened {
                    id: 1,
                    rest: rest.clone(),
                },
            ),
        ),
        (
            "Skipping",
            refusal(&Codec::Postcard, Skipping { id: 1, note: None }),
        ),
        (
            "Value",
            refusal(&Codec::Postcard, serde_json::json!({"a": 1})),
        ),
    ] {
        assert!(message.contains(name), "{message}");
        assert!(message.contains("postcard cannot carry"), "{message}");
        assert!(
            message.contains("Codec::Json") && message.contains("Codec::Msgpack"),
            "{message}"
        );
    }
    for codec in [Codec::Json, Codec::Msgpack] {
        assert_eq!(
            read(&codec, &sealed(&codec, Untagged::Text("x".into()))),
            Some(Untagged::Text("x".into()))
        );
        assert_eq!(
            read(&codec, &sealed(&codec, Tagged::A { x: 1 })),
            Some(Tagged::A { x: 1 })
        );
        let flattened = Flattened {
            id: 1,
            rest: rest.clone(),
        };
        assert_eq!(
            read(&codec, &sealed(&codec, flattened.clone())),
            Some(flattened)
        );
        let skipping = Skipping { id: 1, note: None };
        assert_eq!(
            read(&codec, &sealed(&codec, skipping.clone())),
            Some(skipping)
        );
        let value = serde_json::json!({"a": [1, null, "x"]});
        assert_eq!(read(&codec, &sealed(&codec, value.clone())), Some(value));
    }
}

#[test]
fn a_skipping_struct_fits_postcard_when_it_skips_nothing() {
    let full = Skipping {
        id: 1,
        note: Some("x".into()),
    };
    let bytes = sealed(&Codec::Postcard, full.clone());
    assert_eq!(read(&Codec::Postcard, &bytes), Some(full));
}

#[test]
fn json_and_msgpack_refuse_options_that_would_come_back_as_none() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Nothing;
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Wrapped(Option<u8>);

    for codec in [Codec::Json, Codec::Msgpack] {
        for message in [
            refusal(&codec, Some(None::<u8>)),
            refusal(&codec, vec![Some(())]),
            refusal(&codec, Some(Nothing)),
            refusal(&codec, Some(Wrapped(None))),
        ] {
            assert!(
                message.contains("would be read back as `None`"),
                "{message}"
            );
            assert!(message.contains("Codec::Postcard"), "{message}");
        }
        for fine in [None, Some(Some(1u8))] {
            assert_eq!(read(&codec, &sealed(&codec, fine)), Some(fine));
        }
    }
    let nested = Some(None::<u8>);
    assert_eq!(
        read(&Codec::Postcard, &sealed(&Codec::Postcard, nested)),
        Some(nested)
    );
}

#[test]
fn json_refuses_numbers_it_does_not_have_and_keys_that_are_no_text() {
    for number in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        assert!(refusal(&Codec::Json, vec![number]).contains("no infinities"));
        assert!(read::<f64>(&Codec::Msgpack, &sealed(&Codec::Msgpack, number)).is_some());
    }
    let map = BTreeMap::from([((1u8, 2u8), 3u8)]);
    assert!(refusal(&Codec::Json, map.clone()).contains("json cannot carry"));
    assert_eq!(
        read(&Codec::Msgpack, &sealed(&Codec::Msgpack, map.clone())),
        Some(map)
    );
}

#[test]
fn a_value_kept_in_memory_only_never_becomes_bytes() {
    struct Local;
    let clock = Clock::system();
    let entry = Entry::from_any(
        std::sync::Arc::new(Local),
        ValueType::local::<Local>(),
        clock.now(),
    );
    let error = Codec::Postcard.seal(&key("k"), &entry, &clock).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serialization);
    assert!(error.to_string().contains("in memory only"), "{error}");
}

/// JSON with its letters turned by 13, and a name that has to be escaped.
struct Rot13;

impl Rot13 {
    fn turn(bytes: &[u8]) -> Vec<u8> {
        let turned = |byte: &u8| match byte {
            b'a'..=b'z' => (byte - b'a' + 13) % 26 + b'a',
            other => *other,
        };
        bytes.iter().map(turned).collect()
    }
}

impl Serializer for Rot13 {
    fn name(&self) -> &str {
        "rot 13"
    }

    fn is_self_describing(&self) -> bool {
        true
    }

    fn serialize(
        &self,
        value: &dyn erased_serde::Serialize,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        out.extend(Self::turn(&serde_json::to_vec(value)?));
        Ok(())
    }

    fn deserialize(
        &self,
        bytes: &[u8],
        read: &mut dyn FnMut(
            &mut dyn erased_serde::Deserializer<'_>,
        ) -> Result<(), erased_serde::Error>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let bytes = Self::turn(bytes);
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        read(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut json))?;
        Ok(json.end()?)
    }
}

#[test]
fn a_serializer_of_ones_own_carries_any_type() {
    let codec = Codec::custom(Rot13);
    let bytes = sealed(&codec, vec![String::from("hello")]);
    assert!(bytes.ends_with(br#"["uryyb"]"#));
    assert_eq!(read(&codec, &bytes), Some(vec![String::from("hello")]));
    assert_eq!(read::<Vec<String>>(&Codec::Json, &bytes), None);
    let mut more = Rot13::turn(b"[1]");
    more.push(b'x');
    assert!(codec.decode::<Vec<u8>>(&more).is_err());
}
