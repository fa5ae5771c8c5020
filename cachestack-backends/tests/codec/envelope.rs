//! What stands around a payload, and what is wrong with one.

use std::time::Duration;

use cachestack_backends::{
    CacheValue, Clock, Codec, Entry, ErrorKind, Generation, Key, Lookup, Namespace, Rejected,
    ValueType,
};

use crate::{codecs, key, opened, sealed};

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
fn an_absence_is_nothing_to_who_looks_for_a_value() {
    let found = opened::<u64>(&Codec::Postcard, &forged(&line("1", "absent", "0"), &[7]));
    assert!(!matches!(found, Ok(Lookup::Hit(_))), "{found:?}");
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

#[test]
fn a_key_that_no_header_can_hold_is_refused_when_it_is_set() {
    let clock = Clock::system();
    let entry = Entry::new(1u8, clock.now());
    let seal = |length: usize| Codec::Postcard.seal(&key(&" ".repeat(length)), &entry, &clock);
    assert!(seal(1 << 20).is_ok());
    let error = seal(2 << 20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("4 MiB"), "{error}");
}
