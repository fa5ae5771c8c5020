//! What is counted, and what a store says of itself.

use std::sync::Arc;

use super::steps::{PAST, SHORT, key, text};
use crate::backend::Backend;
use crate::entry::{Entry, ValueType};
use crate::stats::Stats;
use crate::testing::Subject;

/// Each `get` and each key of `get_many` that finds a value counts one hit; each that finds none, one
/// miss, whatever the reason.
pub async fn look_ups_count_hits_and_misses(subject: &Subject) {
    let (here, missing, ended) = (key("here"), key("missing"), key("ended"));
    subject.put(&here, text("here")).await;
    subject
        .set(&ended, subject.lasting(text("ended"), SHORT))
        .await;
    subject.advance(PAST).await;
    let before = subject.stats().await;
    subject.look_up::<String>(&here).await;
    expect_counted(subject, &before, 1, 0).await;
    subject.look_up::<String>(&missing).await;
    expect_counted(subject, &before, 1, 1).await;
    subject.look_up::<String>(&ended).await;
    expect_counted(subject, &before, 1, 2).await;
    subject.look_up::<u64>(&here).await;
    expect_counted(subject, &before, 1, 3).await;
    subject
        .look_up_many::<String>(&[here.clone(), missing.clone(), here.clone()])
        .await;
    expect_counted(subject, &before, 3, 4).await;
    subject.look_up_many::<u64>(&[here.clone(), missing]).await;
    expect_counted(subject, &before, 3, 6).await;
    subject.delete(&here).await;
    subject.look_up::<String>(&here).await;
    expect_counted(subject, &before, 3, 7).await;
}

/// `exists` and `ttl` count nothing, and writes count no look-ups.
pub async fn exists_and_ttl_count_nothing(subject: &Subject) {
    let (here, missing) = (key("here"), key("missing"));
    let before = subject.stats().await;
    subject.put(&here, text("here")).await;
    subject.put(&here, text("again")).await;
    for key in [&here, &missing] {
        subject.exists(key).await;
        subject.ttl(key).await;
    }
    subject.delete(&here).await;
    subject.delete(&missing).await;
    subject.clear("contract").await;
    subject.purge("contract").await;
    expect_counted(subject, &before, 0, 0).await;
}

/// A `peek` that finds a value counts one hit. It counts no miss: a `get` follows.
pub async fn peek_counts_hits_only(subject: &Subject) {
    let (here, missing) = (key("here"), key("missing"));
    subject.put(&here, text("here")).await;
    let before = subject.stats().await;
    let wanted = ValueType::of::<String>();
    let found = subject.backend.peek(here.digest(), wanted).is_some();
    expect_counted(subject, &before, u64::from(found), 0).await;
    assert!(subject.backend.peek(missing.digest(), wanted).is_none());
    assert!(
        subject
            .backend
            .peek(here.digest(), ValueType::of::<u64>())
            .is_none()
    );
    expect_counted(subject, &before, u64::from(found), 0).await;
}

/// Each failed operation counts one error, and no look-up.
pub async fn a_failed_operation_counts_one_error(subject: &Subject) {
    struct Local;
    let before = subject.stats().await;
    let refused = Entry::from_any(Arc::new(Local), ValueType::local::<Local>(), subject.now());
    for failures in 1..=2 {
        let failed = subject
            .backend
            .set(&key("refused"), refused.clone())
            .await
            .is_err();
        let after = subject.stats().await;
        let expected = if failed { failures } else { 0 };
        assert_eq!(after.errors - before.errors, expected);
        assert_eq!((after.hits, after.misses), (before.hits, before.misses));
    }
}

/// What a store says of itself does not change, and its counts bear its short lowercase name.
pub async fn info_stays_the_same(subject: &Subject) {
    let info = subject.backend.info();
    assert!(!info.name.is_empty());
    assert_eq!(info.name, info.name.to_lowercase());
    assert_eq!(subject.stats().await.backend, info.name);
    subject.put(&key("k"), text("v")).await;
    subject.look_up::<u64>(&key("k")).await;
    subject.clear("contract").await;
    assert_eq!(subject.backend.info(), info);
}

async fn expect_counted(subject: &Subject, before: &Stats, hits: u64, misses: u64) {
    let after = subject.stats().await;
    let counted = (after.hits - before.hits, after.misses - before.misses);
    assert_eq!(counted, (hits, misses), "hits and misses");
    assert_eq!(after.errors, before.errors, "errors");
    assert_eq!(after.corrupt, before.corrupt, "corrupt");
}
