//! What is set and what comes back.

use std::time::Duration;

use super::steps::{Book, MINUTE, key, text};
use crate::backend::{Backend, TimeLeft};
use crate::entry::Generation;
use crate::error::ErrorKind;
use crate::testing::Subject;

/// `set` replaces what was under the key: value, times and all.
pub async fn set_replaces_value_and_times(subject: &Subject) {
    let key = key("replaced");
    // Shorter than memory keeps entries above a shared store.
    let (long, short) = (Duration::from_secs(25), Duration::from_secs(12));
    for (first, second) in [(long, short), (short, long)] {
        subject.set(&key, subject.lasting(text("old"), first)).await;
        subject
            .set(&key, subject.lasting(text("new"), second))
            .await;
        let found = subject.look_up::<String>(&key).await.hit();
        let found = found.expect("it was just set");
        assert_eq!(found.value::<String>(), Some(&text("new")));
        let left = found.time_left(subject.now());
        expect_about(left.expect("it was set with an end"), second);
        if let TimeLeft::Left(left) = subject.ttl(&key).await {
            expect_about(left, second);
        }
    }
    // Again and again, as a store may treat a key it knows in another way than a new one.
    for round in 0..20_u64 {
        subject.put(&key, round).await;
        subject.expect(&key, &round).await;
    }
}

fn expect_about(left: Duration, set: Duration) {
    const SECOND: Duration = Duration::from_secs(1);
    assert!(
        left <= set + SECOND && left > set - 10 * SECOND,
        "{left:?} left of {set:?}"
    );
}

/// What `get` returns is equal to what was set.
pub async fn values_come_back_equal(subject: &Subject) {
    let key = key("equal");
    subject.put(&key, Book::sample()).await;
    subject.expect(&key, &Book::sample()).await;
    let shelf = vec![Some(Book::sample()), None, Some(Book::sample())];
    subject.put(&key, shelf.clone()).await;
    subject.expect(&key, &shelf).await;
    let numbers = (i64::MIN, u64::MAX, -0.5_f32, f64::MIN_POSITIVE, true);
    subject.put(&key, numbers).await;
    subject.expect(&key, &numbers).await;
}

/// A value may be empty.
pub async fn an_empty_value_is_a_value(subject: &Subject) {
    subject.put(&key("text"), String::new()).await;
    subject.put(&key("list"), Vec::<u64>::new()).await;
    subject.put(&key("unit"), ()).await;
    subject.put(&key("none"), None::<Book>).await;
    subject.expect(&key("text"), &String::new()).await;
    subject.expect(&key("list"), &Vec::<u64>::new()).await;
    subject.expect(&key("unit"), &()).await;
    subject.expect(&key("none"), &None::<Book>).await;
}

/// What `get` returns is equal to what was set, also when another value is nearly the same.
pub async fn values_that_look_alike_stay_apart(subject: &Subject) {
    let texts = [
        "", " ", "\0", "0", "null", "None", "a", "A", "a\0", "a\n", "a ", "\u{e4}", "a\u{308}",
    ];
    for (index, value) in texts.iter().enumerate() {
        subject
            .put(&key(&format!("text {index}")), text(value))
            .await;
    }
    for (index, value) in texts.iter().enumerate() {
        subject
            .expect(&key(&format!("text {index}")), &text(value))
            .await;
    }
    let lists = [
        vec![],
        vec![None],
        vec![None, None],
        vec![Some(0)],
        vec![Some(0), None],
    ];
    for (index, value) in lists.iter().enumerate() {
        subject
            .put(&key(&format!("list {index}")), value.clone())
            .await;
    }
    for (index, value) in lists.iter().enumerate() {
        subject.expect(&key(&format!("list {index}")), value).await;
    }
}

/// A value may be 8 MB large. A store that does not keep so much answers `TooLarge` and leaves nothing
/// under the key, not the value from before.
pub async fn a_value_of_8_mb_is_kept_or_refused_whole(subject: &Subject) {
    let key = key("large");
    let large = "8 bytes ".repeat(1 << 20);
    for before in [None, Some("small")] {
        subject.delete(&key).await;
        if let Some(before) = before {
            subject.put(&key, text(before)).await;
        }
        let entry = subject.lasting(large.clone(), MINUTE);
        match subject.backend.set(&key, entry).await {
            Ok(()) => {
                let found = subject.value::<String>(&key).await;
                // Compared by hand: nobody wants to read 8 MB of what is not equal.
                assert!(found.as_ref() == Some(&large), "it came back as another");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
                subject.expect_nothing(&key).await;
            }
        }
    }
}

/// What `get` returns was made at the same time as what was set, to the millisecond, or as exactly as a server
/// on the other end of the two calls can tell.
pub async fn created_at_is_kept(subject: &Subject) {
    let key = key("created");
    let created = subject.now();
    subject.advance(Duration::from_millis(100)).await;
    let began = subject.now();
    subject
        .set(&key, subject.lasting(text("old"), MINUTE).created(created))
        .await;
    let setting = subject.now().since(began);
    subject.advance(Duration::from_millis(100)).await;
    let began = subject.now();
    let found = subject.look_up::<String>(&key).await.hit();
    let took = setting + subject.now().since(began);
    let found = found.expect("it was just set").created_at();
    let off = found.since(created).max(created.since(found));
    assert!(
        off <= Duration::from_millis(20) + took,
        "made at another time: {off:?} off in calls of {took:?}"
    );
}

/// What `get` returns is as fresh as what was set, as exactly as its age is told, and depends on the same
/// generations, and maybe on others that the store looks after itself.
pub async fn freshness_and_generations_are_kept(subject: &Subject) {
    let key = key("fresh");
    let began = subject.now();
    let until = began.checked_add(MINUTE / 2);
    let generations = [
        Generation::new("tag:a b,c=d%", u128::MAX),
        Generation::new("", 0),
    ];
    let entry = subject.lasting(text("fresh"), MINUTE).fresh_until(until);
    subject
        .set(&key, entry.depending_on(generations.clone()))
        .await;
    let found = subject.look_up::<String>(&key).await.hit();
    let took = subject.now().since(began);
    let found = found.expect("it was just set");
    let (found_until, until) = found
        .fresh_until_moment()
        .zip(until)
        .expect("it was set with one");
    let off = found_until.since(until).max(until.since(found_until));
    assert!(
        off <= Duration::from_millis(20) + took,
        "fresh until another time: {off:?} off"
    );
    for generation in &generations {
        assert!(found.generations().contains(generation));
    }
}
