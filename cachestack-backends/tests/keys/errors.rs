//! What is an error, and that it is kept.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use cachestack_backends::{KeyError, KeyWriter};
use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::key;

fn error_of<T: Serialize>(value: &T) -> String {
    let mut writer = KeyWriter::function("f");
    writer.argument(value);
    writer.finish().unwrap_err().to_string()
}

struct Fails(&'static str);

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(self.0))
    }
}

impl Display for Fails {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn the_first_error_is_kept() {
    let mut writer = KeyWriter::function("f");
    writer.argument(&1u8);
    writer.argument(&vec![Fails("first\nof two")]);
    writer.argument(&Fails("second"));
    writer.argument(&1u8);
    let error: KeyError = writer.finish().unwrap_err();
    assert_eq!(error.to_string(), "first of two");
    assert_eq!(error.clone(), error);
}

#[test]
fn an_error_that_serialize_passes_over_is_kept() {
    struct PassesOver;
    impl Serialize for PassesOver {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let mut s = s.serialize_seq(None)?;
            let _ = s.serialize_element(&Fails("lost"));
            s.serialize_element(&1)?;
            s.end()
        }
    }
    assert_eq!(error_of(&PassesOver), "lost");
    assert_eq!(error_of(&BTreeMap::from([(1, PassesOver)])), "lost");
}

#[test]
fn a_display_that_fails_is_an_error() {
    struct Displayed;
    impl Serialize for Displayed {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            s.collect_str(&Fails(""))
        }
    }
    let expected = "a `Display` implementation returned an error";
    assert_eq!(error_of(&Displayed), expected);
    let finish = |write: fn(&mut KeyWriter)| {
        let mut writer = KeyWriter::template();
        write(&mut writer);
        writer.literal("more");
        writer.finish().unwrap_err().to_string()
    };
    assert_eq!(
        finish(|writer| writer.placeholder(&Fails(""), "")),
        expected
    );
    assert_eq!(finish(|writer| writer.raw(&Fails(""))), expected);
}

#[test]
fn a_map_with_half_an_entry_is_an_error() {
    struct Half(&'static str);
    impl Serialize for Half {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            let mut s = s.serialize_map(None)?;
            for part in self.0.chars() {
                let _ = if part == 'k' {
                    s.serialize_key(&1)
                } else {
                    s.serialize_value(&2)
                };
            }
            s.end()
        }
    }
    assert_eq!(key(&Half("kvkv")), "{1i32:2i32,1i32:2i32}");
    for (parts, half) in [
        ("k", "key without a value"),
        ("kkv", "key without a value"),
        ("kvv", "value without a key"),
    ] {
        assert_eq!(error_of(&Half(parts)), format!("a map gave a {half}"));
    }
}

#[test]
fn the_two_forms_do_not_mix() {
    let mut template = KeyWriter::template();
    template.argument(&1);
    assert!(template.finish().is_err());
    let writes: [fn(&mut KeyWriter); 3] = [
        |writer| writer.literal("a"),
        |writer| writer.placeholder("a", ""),
        |writer| writer.raw("a"),
    ];
    for write in writes {
        let mut function = KeyWriter::function("f");
        write(&mut function);
        assert!(function.finish().is_err());
    }
}
