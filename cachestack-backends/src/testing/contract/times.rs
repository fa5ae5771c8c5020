//! When an entry ends, and who says so.

use std::time::Duration;

use super::steps::{MILLISECOND, MINUTE, PAST, SHORT, key, text};
use crate::backend::{Backend, TimeLeft};
use crate::entry::Entry;
use crate::key::Key;
use crate::testing::Subject;

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// From an entry's end on, `get` misses and `exists` says no.
pub async fn an_entry_is_gone_from_its_end_on(subject: &Subject) {
    let (short, long) = (key("short"), key("long"));
    subject
        .set(&long, subject.lasting(text("long"), MINUTE))
        .await;
    let entry = subject.lasting(text("short"), SHORT);
    subject.set(&short, entry.clone()).await;
    expect_until_its_end(subject, &short, &entry).await;
    subject.advance(PAST).await;
    subject.expect_nothing(&short).await;
    subject.expect(&long, &text("long")).await;
}

/// An entry that is set when it has already ended leaves nothing under the key.
pub async fn an_entry_that_has_ended_when_set_leaves_nothing(subject: &Subject) {
    let key = key("ended");
    subject.set(&key, subject.ended(text("never"))).await;
    subject.expect_nothing(&key).await;
    subject.put(&key, text("before")).await;
    subject.set(&key, subject.ended(text("never"))).await;
    subject.expect_nothing(&key).await;
    subject.put(&key, text("before")).await;
    let entries = vec![(key.clone(), subject.ended(text("never")))];
    super::steps::succeed(subject.backend.set_many(entries).await);
    subject.expect_nothing(&key).await;
}

/// A time to live below a second holds: the entry is neither gone at once nor there for a whole second.
pub async fn a_ttl_below_a_second_holds(subject: &Subject) {
    for ttl in [Duration::from_millis(1), Duration::from_millis(50), SHORT] {
        let key = key("below a second");
        let entry = subject.lasting(text("short"), ttl);
        subject.set(&key, entry.clone()).await;
        expect_until_its_end(subject, &key, &entry).await;
        subject.advance(ttl + MILLISECOND).await;
        subject.expect_nothing(&key).await;
    }
}

/// A time to live beyond what the store can express counts as the longest it can.
pub async fn a_huge_ttl_counts_as_the_longest(subject: &Subject) {
    // A clock can tell the next 484 years.
    for ttl in [450 * YEAR, 140 * YEAR, 50 * YEAR] {
        let key = key("huge");
        subject.set(&key, subject.lasting(text("huge"), ttl)).await;
        expect_kept_for(subject, &key, subject.backend.info().keeps_for(Some(ttl))).await;
    }
}

/// `set` without an end gives the backend's own default.
pub async fn without_an_end_the_default_holds(subject: &Subject) {
    let key = key("endless");
    subject.set(&key, subject.entry(text("endless"))).await;
    expect_kept_for(subject, &key, subject.backend.info().keeps_for(None)).await;
}

/// `ttl` says how long an entry will still be there, as far as the store can say.
pub async fn ttl_says_what_is_left(subject: &Subject) {
    let key = key("left");
    assert_eq!(subject.ttl(&key).await, TimeLeft::Missing);
    subject
        .set(&key, subject.lasting(text("left"), MINUTE))
        .await;
    let keeps = subject.backend.info().keeps_for(Some(MINUTE));
    let first = subject.ttl(&key).await;
    subject.advance(PAST).await;
    let second = subject.ttl(&key).await;
    match (first, second) {
        (TimeLeft::Left(first), TimeLeft::Left(second)) => {
            let keeps = keeps.expect("it was set with an end");
            assert!(
                first <= keeps + SECOND && first > keeps / 2,
                "{first:?} of {keeps:?}"
            );
            assert!(second <= first, "first {first:?}, later {second:?}");
        }
        (TimeLeft::Unknown, TimeLeft::Unknown) => {}
        other => panic!("an entry of a minute has {other:?} left"),
    }
    subject.delete(&key).await;
    assert_eq!(subject.ttl(&key).await, TimeLeft::Missing);
}

/// The entry is there as long as its end has not come.
async fn expect_until_its_end(subject: &Subject, key: &Key, entry: &Entry) {
    let found = subject.value::<String>(key).await;
    // On a busy machine the look-up may have come too late.
    if entry.is_live(subject.now()) {
        assert!(found.is_some(), "gone before its end");
    }
}

/// The entry is there and will be for about that time; `None` is without end.
async fn expect_kept_for(subject: &Subject, key: &Key, keeps: Option<Duration>) {
    assert!(subject.value::<String>(key).await.is_some());
    match (subject.ttl(key).await, keeps) {
        (TimeLeft::Missing, _) => panic!("it is not there"),
        (TimeLeft::Unknown, _) => {}
        (TimeLeft::Unlimited, keeps) => assert!(
            keeps.is_none_or(|keeps| keeps > 30 * YEAR),
            "without end instead of {keeps:?}"
        ),
        (TimeLeft::Left(left), keeps) => {
            let keeps = keeps.unwrap_or(500 * YEAR);
            assert!(left <= keeps + SECOND, "{left:?} instead of {keeps:?}");
            assert!(
                left > (keeps / 2).min(30 * YEAR),
                "{left:?} instead of {keeps:?}"
            );
        }
    }
    // Time by a clock ends after 484 years.
    if let (true, Some(keeps)) = (
        subject.clock.is_manual(),
        keeps.filter(|it| *it < 100 * YEAR),
    ) {
        subject
            .advance(keeps.saturating_sub(Duration::from_millis(2)))
            .await;
        assert!(subject.exists(key).await, "gone before {keeps:?}");
        subject.advance(Duration::from_millis(3)).await;
        subject.expect_nothing(key).await;
    }
}
