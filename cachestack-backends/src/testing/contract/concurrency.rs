//! Threads, dropped futures, waiting.

use std::time::Duration;

use super::steps::{MINUTE, PAST, SHORT, key, poll_and_drop, succeed, text};
use crate::backend::Backend;
use crate::entry::{Entry, ValueType};
use crate::key::Namespace;
use crate::runtime::{block_on, poll_once, sleep};
use crate::testing::Subject;

/// `peek` finds what `get` would find, or nothing.
pub async fn peek_finds_what_get_finds_or_nothing(subject: &Subject) {
    let key = key("peeked");
    let wanted = ValueType::of::<String>();
    let peek = || {
        let found = subject.backend.peek(key.digest(), wanted);
        let lent = subject.backend.peek_shared(key.digest(), wanted);
        let value = |entry: &Entry| entry.value::<String>().cloned();
        assert_eq!(found.as_ref().map(value), lent.as_deref().map(value));
        found
    };
    assert!(peek().is_none());
    for value in ["first", "second"] {
        subject.put(&key, text(value)).await;
        let found = peek();
        let found = found.as_ref().map(|entry| entry.value::<String>());
        assert!(
            found.is_none_or(|found| found == Some(&text(value))),
            "{found:?}"
        );
    }
    let other = ValueType::of::<u64>();
    assert!(subject.backend.peek(key.digest(), other).is_none());
    assert!(subject.backend.peek_shared(key.digest(), other).is_none());
    subject.delete(&key).await;
    assert!(peek().is_none());
    subject
        .set(&key, subject.lasting(text("short"), SHORT))
        .await;
    subject.advance(PAST).await;
    assert!(peek().is_none());
}

/// A store that keeps a fence keeps one: what is taken from it at one time is voided at another.
pub async fn the_fence_is_always_the_same(subject: &Subject) {
    let backend = subject.backend.clone();
    if let (Some(first), Some(second)) = (subject.backend.fence(), backend.fence()) {
        let token = first.token(key("fenced").digest());
        assert!(token.is_current());
        second.advance(key("fenced").digest(), || ());
        assert!(!token.is_current());
    }
    assert_eq!(subject.backend.fence().is_some(), backend.fence().is_some());
}

/// Many tasks at once on one key: every read finds one of the values whole, or none.
pub async fn many_tasks_at_once_never_tear_a_value(subject: &Subject) {
    const WRITERS: usize = 4;
    fn value_of(writer: usize) -> String {
        let letter = char::from(b'a' + u8::try_from(writer).unwrap_or_default());
        // Longer than what stores and systems write in one piece.
        letter.to_string().repeat(1_000 + writer * 50_000)
    }
    fn expect_whole(entry: &Entry) {
        let value = entry.value::<String>().expect("only texts are set");
        assert!(
            (0..WRITERS).any(|writer| *value == value_of(writer)),
            "a torn value"
        );
    }
    let (one, end) = (key("one"), subject.now().checked_add(10 * MINUTE));
    subject
        .on_threads(WRITERS, |writer| {
            let (backend, key, now) = (subject.backend.clone(), one.clone(), subject.now());
            async move {
                let value_type = ValueType::of::<String>();
                let entry = Entry::new(value_of(writer), now).expiring(end);
                for round in 0..20 {
                    match round % 7 {
                        5 => succeed(backend.delete(&key).await),
                        6 => succeed(backend.set_many(vec![(key.clone(), entry.clone())]).await),
                        _ => succeed(backend.set(&key, entry.clone()).await),
                    }
                    let found = succeed(backend.get(&key, value_type).await).hit();
                    found.iter().for_each(expect_whole);
                    backend
                        .peek(key.digest(), value_type)
                        .iter()
                        .for_each(expect_whole);
                    succeed(backend.exists(&key).await);
                }
                succeed(backend.set(&key, entry).await);
            }
        })
        .await;
    let found = subject.look_up::<String>(&one).await.hit();
    expect_whole(&found.expect("the last write is a set"));
}

/// How often a future is polled before it is dropped.
const POLLS: [usize; 5] = [0, 1, 2, 3, 10];
/// How long what goes on after a drop gets to do its harm.
const LATER: Duration = Duration::from_millis(20);

/// A `set` whose future is dropped before it ends either took effect before the drop or never will:
/// whoever drops it may delete the key at once and be sure.
pub async fn a_dropped_write_took_effect_or_never_will(subject: &Subject) {
    for polls in POLLS {
        let (deleted, replaced) = (
            key(&format!("deleted {polls}")),
            key(&format!("replaced {polls}")),
        );
        let entry = subject.lasting("late ".repeat(50_000), MINUTE);
        poll_and_drop(subject.backend.set(&deleted, entry.clone()), polls).await;
        subject.delete(&deleted).await;
        poll_and_drop(subject.backend.set(&replaced, entry), polls).await;
        subject.put(&replaced, text("newer")).await;
        subject.expect_nothing(&deleted).await;
        sleep(LATER).await;
        subject.expect_nothing(&deleted).await;
        subject.expect(&replaced, &text("newer")).await;
    }
}

/// A `delete` whose future is dropped before it ends either took effect before the drop or never will.
pub async fn a_dropped_delete_took_effect_or_never_will(subject: &Subject) {
    for polls in POLLS {
        let key = key(&format!("set anew {polls}"));
        subject.put(&key, text("old")).await;
        poll_and_drop(subject.backend.delete(&key), polls).await;
        subject.put(&key, text("new")).await;
        sleep(LATER).await;
        subject.expect(&key, &text("new")).await;
    }
}

/// Of a store that calls itself immediate, every operation ends at the first poll.
pub async fn an_immediate_store_never_waits(subject: &Subject) {
    let backend = &subject.backend;
    if !backend.info().immediate {
        return;
    }
    let (key, value_type) = (key("now"), ValueType::of::<String>());
    let keys = [(key.clone(), value_type)];
    let space = Namespace::new("contract");
    let entry = subject.lasting(text("now"), MINUTE);
    assert!(
        poll_once(backend.set(&key, entry.clone())).is_some(),
        "set waits"
    );
    assert!(
        poll_once(backend.get(&key, value_type)).is_some(),
        "get waits"
    );
    assert!(poll_once(backend.exists(&key)).is_some(), "exists waits");
    assert!(poll_once(backend.ttl(&key)).is_some(), "ttl waits");
    assert!(poll_once(backend.delete(&key)).is_some(), "delete waits");
    assert!(
        poll_once(backend.set_many(vec![(key, entry)])).is_some(),
        "set_many waits"
    );
    assert!(
        poll_once(backend.get_many(&keys)).is_some(),
        "get_many waits"
    );
    assert!(
        poll_once(backend.delete_many(&[keys[0].0.clone()])).is_some(),
        "delete_many waits"
    );
    assert!(
        poll_once(backend.purge_expired(&space)).is_some(),
        "purge_expired waits"
    );
    assert!(poll_once(backend.clear(&space)).is_some(), "clear waits");
    assert!(poll_once(backend.stats()).is_some(), "stats waits");
    assert!(poll_once(backend.close()).is_some(), "close waits");
}

/// The futures of a store that calls itself detached run on any thread, with no runtime around them.
pub async fn a_detached_store_needs_no_runtime(subject: &Subject) {
    if !subject.backend.info().detached {
        return;
    }
    let (backend, key) = (subject.backend.clone(), key("detached"));
    let entry = subject.lasting(text("there"), MINUTE);
    let plain = std::thread::spawn(move || {
        block_on(async {
            succeed(backend.set(&key, entry).await);
            let found = succeed(backend.get(&key, ValueType::of::<String>()).await);
            assert!(found.is_hit());
            succeed(backend.delete(&key).await);
            assert!(!succeed(backend.exists(&key).await));
            succeed(backend.stats().await);
        });
    });
    assert!(plain.join().is_ok(), "it failed outside of every runtime");
}
