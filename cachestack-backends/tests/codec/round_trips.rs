//! What was written comes back, and nothing else does.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{codecs, opened, read, sealed};

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
