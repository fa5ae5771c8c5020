//! Damage, refusals, ends.

use serde::{Deserialize, Serialize};

use super::steps::{Book, MINUTE, key, succeed, text};
use crate::backend::{Backend, Lookup};
use crate::entry::ValueType;
use crate::error::ErrorKind;
use crate::testing::Subject;

/// An undecodable value is a miss, never an error and never a panic. It counts as corrupt.
pub async fn an_undecodable_value_is_a_miss(subject: &Subject) {
    /// Is written without complaint, and cannot be read when it is 13.
    #[derive(Debug, Clone, Serialize)]
    struct Unlucky(u64);
    impl<'de> Deserialize<'de> for Unlucky {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            match u64::deserialize(from)? {
                13 => Err(serde::de::Error::custom("13 is unlucky")),
                number => Ok(Self(number)),
            }
        }
    }
    let key = key("unlucky");
    let before = subject.stats().await;
    subject
        .set(&key, subject.lasting(Unlucky(13), MINUTE))
        .await;
    match subject.look_up::<Unlucky>(&key).await {
        // A store that keeps the typed value has nothing to decode.
        Lookup::Hit(entry) => assert_eq!(entry.value::<Unlucky>().map(|it| it.0), Some(13)),
        Lookup::Miss => {
            let after = subject.stats().await;
            // A stack counts it for each layer that holds it.
            assert!(after.corrupt > before.corrupt, "not counted as corrupt");
            assert_eq!(after.misses - before.misses, 1);
            assert_eq!(after.errors, before.errors);
        }
        Lookup::Mismatch => panic!("it is of the type that was asked for"),
    }
    subject
        .set(&key, subject.lasting(Unlucky(14), MINUTE))
        .await;
    let found = subject.look_up::<Unlucky>(&key).await.hit();
    assert_eq!(
        found.and_then(|it| it.value::<Unlucky>().map(|it| it.0)),
        Some(14)
    );
}

type Edit = fn(&mut Vec<u8>);

/// What may happen to bytes on a disk or in a server.
const DAMAGES: [(&str, Edit); 6] = [
    ("a changed byte at the end", |bytes| {
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
    }),
    ("a changed byte in the middle", |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x20;
    }),
    ("bytes cut off", |bytes| bytes.truncate(bytes.len() - 1)),
    ("half of it", |bytes| bytes.truncate(bytes.len() / 2)),
    ("bytes added", |bytes| bytes.push(0)),
    ("zeros", |bytes| {
        bytes.iter_mut().skip(20).for_each(|byte| *byte = 0)
    }),
];

/// A damaged value is a miss, never an error and never a panic. It counts as corrupt. Needs
/// [`Subject::damaged_by`].
pub async fn a_damaged_value_is_a_corrupt_miss(subject: &Subject) {
    for (name, damage) in DAMAGES {
        expect_corrupt(subject, name, damage).await;
    }
}

/// Foreign bytes under a key are a miss, never an error and never a panic. They count as corrupt. Needs
/// [`Subject::damaged_by`].
pub async fn foreign_bytes_are_a_miss(subject: &Subject) {
    let foreign: [(&str, Edit); 4] = [
        ("nothing", Vec::clear),
        ("text", |bytes| *bytes = b"somebody else's".to_vec()),
        ("no text", |bytes| *bytes = (0..=255).collect()),
        ("a beginning like ours", |bytes| {
            *bytes = b"cachestack/1 ".repeat(100)
        }),
    ];
    for (name, replace) in foreign {
        expect_corrupt(subject, name, replace).await;
    }
}

/// `set` replaces what was under the key, damaged or not, and `delete` deletes it.
pub async fn what_was_damaged_can_be_set_anew(subject: &Subject) {
    let Some(damager) = &subject.damager else {
        return;
    };
    let key = key("damaged");
    subject.put(&key, Book::sample()).await;
    damager(&key, &mut |bytes| bytes.truncate(5));
    subject.put(&key, Book::sample()).await;
    subject.expect(&key, &Book::sample()).await;
    damager(&key, &mut |bytes| bytes.truncate(5));
    subject.delete(&key).await;
    subject.expect_nothing(&key).await;
}

async fn expect_corrupt(subject: &Subject, damage: &str, edit: Edit) {
    let Some(damager) = &subject.damager else {
        return;
    };
    let (damaged, whole) = (key(&format!("with {damage}")), key("whole"));
    subject.put(&damaged, Book::sample()).await;
    subject.put(&whole, Book::sample()).await;
    let before = subject.stats().await;
    damager(&damaged, &mut |bytes| edit(bytes));
    let found = subject.look_up::<Book>(&damaged).await;
    assert!(matches!(found, Lookup::Miss), "{found:?} of {damage}");
    let after = subject.stats().await;
    assert_eq!(after.corrupt - before.corrupt, 1, "not counted: {damage}");
    assert_eq!(after.misses - before.misses, 1, "not counted: {damage}");
    assert_eq!(after.errors, before.errors, "counted as an error: {damage}");

    subject.put(&damaged, Book::sample()).await;
    damager(&damaged, &mut |bytes| edit(bytes));
    let found = subject
        .look_up_many::<Book>(&[whole.clone(), damaged.clone(), whole])
        .await;
    assert_eq!(
        found.iter().map(Lookup::is_hit).collect::<Vec<_>>(),
        [true, false, true]
    );
    succeed(subject.backend.exists(&damaged).await);
    succeed(subject.backend.ttl(&damaged).await);
}

/// Closing twice is fine. Later operations may answer `Closed`, and nothing else goes wrong with them.
pub async fn closing_twice_is_fine(subject: &Subject) {
    let key = key("k");
    subject.put(&key, text("v")).await;
    succeed(subject.backend.close().await);
    succeed(subject.backend.close().await);
    let only_closed = |error: Option<crate::error::Error>| {
        let kind = error.map(|error| error.kind());
        assert!(matches!(kind, None | Some(ErrorKind::Closed)), "{kind:?}");
    };
    let value_type = ValueType::of::<String>();
    only_closed(subject.backend.get(&key, value_type).await.err());
    only_closed(
        subject
            .backend
            .set(&key, subject.lasting(text("w"), MINUTE))
            .await
            .err(),
    );
    only_closed(subject.backend.exists(&key).await.err());
    only_closed(subject.backend.delete(&key).await.err());
    let wanted = [(key, value_type)];
    only_closed(subject.backend.get_many(&wanted).await.err());
    succeed(subject.backend.close().await);
}
