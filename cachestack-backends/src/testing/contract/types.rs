//! Types that were not asked for, and those without serde.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::steps::{Book, MINUTE, key, succeed, text};
use crate::backend::{Backend, Lookup, TimeLeft};
use crate::entry::{Entry, ValueType};
use crate::error::ErrorKind;
use crate::testing::Subject;

/// A store that holds another type under the key answers `Mismatch` and keeps what it has.
pub async fn another_type_is_a_mismatch_and_stays(subject: &Subject) {
    let key = key("typed");
    subject.put(&key, Book::sample()).await;
    for _ in 0..2 {
        let found = subject.look_up::<u64>(&key).await;
        assert!(matches!(found, Lookup::Mismatch), "{found:?}");
    }
    subject.expect(&key, &Book::sample()).await;
}

/// A value is of the type that was asked for, or a mismatch, also where one would read the other.
pub async fn types_that_look_alike_stay_apart(subject: &Subject) {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Euros {
        amount: u64,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Cents {
        amount: u64,
    }
    let key = key("seven");
    subject.put(&key, Euros { amount: 7 }).await;
    subject.expect(&key, &Euros { amount: 7 }).await;
    assert!(matches!(
        subject.look_up::<Cents>(&key).await,
        Lookup::Mismatch
    ));
    assert!(matches!(
        subject.look_up::<u64>(&key).await,
        Lookup::Mismatch
    ));
    subject.put(&key, 7_u64).await;
    assert!(matches!(
        subject.look_up::<u32>(&key).await,
        Lookup::Mismatch
    ));
    assert!(matches!(
        subject.look_up::<i64>(&key).await,
        Lookup::Mismatch
    ));
    assert!(matches!(
        subject.look_up::<Option<u64>>(&key).await,
        Lookup::Mismatch
    ));
    subject.expect(&key, &7_u64).await;
}

/// `set` replaces what was under the key, of whatever type it was.
pub async fn set_replaces_a_value_of_another_type(subject: &Subject) {
    let key = key("typed anew");
    subject.put(&key, Book::sample()).await;
    subject.put(&key, 7_u64).await;
    subject.expect(&key, &7_u64).await;
    let found = subject.look_up::<Book>(&key).await;
    assert!(matches!(found, Lookup::Mismatch), "{found:?}");
}

/// `exists` and `ttl` decode nothing, so the entry may be of any type.
pub async fn exists_and_ttl_decode_nothing(subject: &Subject) {
    /// Can be written, but not be read.
    #[derive(Clone, Serialize)]
    struct WriteOnly(u64);
    impl<'de> Deserialize<'de> for WriteOnly {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            match u64::deserialize(from)? {
                UNREADABLE => Err(serde::de::Error::custom("nobody may read this")),
                number => Ok(Self(number)),
            }
        }
    }
    const UNREADABLE: u64 = 0x5ea1_ed00;
    let key = key("sealed");
    subject.put(&key, WriteOnly(UNREADABLE)).await;
    assert!(subject.exists(&key).await);
    assert_ne!(subject.ttl(&key).await, TimeLeft::Missing);
}

/// A store that keeps typed values holds what has no serde; others refuse it as `Serialization`.
pub async fn what_has_no_serde_is_kept_or_refused(subject: &Subject) {
    struct Local(Arc<str>);
    let key = key("local");
    let now = subject.now();
    let value_type = ValueType::local::<Local>();
    let entry = Entry::from_any(Arc::new(Local("kept".into())), value_type, now)
        .expiring(now.checked_add(MINUTE));
    let set = subject.backend.set(&key, entry).await;
    let found = subject.backend.get(&key, value_type).await;
    match (subject.backend.info().typed, set) {
        (true, set) => {
            set.expect("a typed store takes every type");
            let found = found
                .expect("the store answers")
                .hit()
                .expect("it was just set");
            assert_eq!(found.value::<Local>().map(|it| &*it.0), Some("kept"));
            // A reader of another type is told, and takes nothing away.
            assert!(matches!(
                subject.look_up::<String>(&key).await,
                Lookup::Mismatch
            ));
            assert!(subject.exists(&key).await);
        }
        (false, set) => {
            let error = set.expect_err("without serde there are no bytes to keep");
            assert_eq!(error.kind(), ErrorKind::Serialization, "{error}");
            subject.expect_nothing(&key).await;
            subject.put(&key, text("serde")).await;
            let found = succeed(subject.backend.get(&key, value_type).await);
            assert!(!found.is_hit(), "{found:?}");
            subject.expect(&key, &text("serde")).await;
        }
    }
}
