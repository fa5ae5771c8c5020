//! What a codec cannot carry is an error when it is set, which names the type, the reason, and who can.

use std::collections::{BTreeMap, HashMap};

use cachestack_backends::{CacheValue, Clock, Codec, Entry, ErrorKind, ValueType};
use serde::{Deserialize, Serialize};

use crate::{key, read, sealed};

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
