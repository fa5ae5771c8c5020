//! Deletions, clears and purges.

use super::steps::{PAST, SHORT, key, key_in, text};
use crate::stats::Stats;
use crate::testing::Subject;

/// Deleting what is not there succeeds.
pub async fn deleting_what_is_missing_succeeds(subject: &Subject) {
    let key = key("missing");
    subject.delete(&key).await;
    subject.put(&key, text("there")).await;
    subject.delete(&key).await;
    subject.delete(&key).await;
    subject.clear("missing").await;
    subject.purge("missing").await;
    subject.expect_nothing(&key).await;
}

/// After `delete` nothing is left under the key, and it can be set anew.
pub async fn delete_leaves_nothing(subject: &Subject) {
    let (key, other) = (key("deleted"), key("kept"));
    subject.put(&other, text("other")).await;
    for round in ["first", "second"] {
        subject.put(&key, text(round)).await;
        subject.expect(&key, &text(round)).await;
        subject.delete(&key).await;
        subject.expect_nothing(&key).await;
    }
    subject.expect(&other, &text("other")).await;
}

/// `clear` deletes exactly one namespace: `shop` touches neither `shop2` nor `shop:eu`.
pub async fn clear_touches_one_namespace(subject: &Subject) {
    let others = [
        "", "shop2", "shop:eu", "Shop", "sho", "shop/", "shop:", "s%", "%", "*", "shop*", "_hop",
    ];
    only_one_is_cleared(subject, "shop", &others).await;
    only_one_is_cleared(subject, "sho_", &["shop", "sho%"]).await;
    only_one_is_cleared(subject, "sho*", &["shop", "sho"]).await;
    only_one_is_cleared(subject, "[s]hop", &["shop"]).await;
    only_one_is_cleared(subject, "shop\n", &["shop"]).await;
}

/// The empty namespace is one like any other: clearing it leaves the rest.
pub async fn clearing_the_empty_namespace_touches_no_other(subject: &Subject) {
    only_one_is_cleared(subject, "", &["shop", "shop:eu", ":", "/", " ", "%", "*"]).await;
}

const LONG: &str = "a rather long key: stores that cannot hold it as it is name its entry by a digest, and must still know \
    which namespace it is in. ............................................................................. \
    ......................................................................................................";

async fn only_one_is_cleared(subject: &Subject, cleared: &str, others: &[&str]) {
    let texts = ["", "k", "shop/k", LONG];
    for text in texts {
        subject.put(&key_in(cleared, text), 1_u64).await;
        for other in others {
            subject.put(&key_in(other, text), 2_u64).await;
        }
    }
    subject.clear(cleared).await;
    for text in texts {
        subject.expect_nothing(&key_in(cleared, text)).await;
        for other in others {
            subject.expect(&key_in(other, text), &2_u64).await;
        }
        // What was cleared can be set anew.
        subject.put(&key_in(cleared, text), 3_u64).await;
        subject.expect(&key_in(cleared, text), &3_u64).await;
        for other in others {
            subject.delete(&key_in(other, text)).await;
        }
    }
    subject.clear(cleared).await;
}

/// `purge_expired` frees what entries of a namespace that have ended still take, and says how many they
/// were. A store that frees them by itself answers 0.
pub async fn purge_frees_ended_entries_of_one_namespace_only(subject: &Subject) {
    for text in ["a", "b", "c"] {
        subject
            .set(&key_in("shop", text), subject.lasting(1_u64, SHORT))
            .await;
    }
    for text in ["a", "b"] {
        subject
            .set(&key_in("shop:eu", text), subject.lasting(1_u64, SHORT))
            .await;
    }
    let kept = [
        key_in("shop", "kept"),
        key_in("shop:eu", "kept"),
        key_in("", "kept"),
    ];
    for key in &kept {
        subject.put(key, text("kept")).await;
    }
    subject.advance(PAST).await;
    let stores = stores(&subject.stats().await);
    assert_eq!(subject.purge("").await, 0);
    assert!(
        subject.purge("shop").await <= 3 * stores,
        "more than had ended"
    );
    assert_eq!(subject.purge("shop").await, 0, "freed twice");
    assert!(
        subject.purge("shop:eu").await <= 2 * stores,
        "more than had ended"
    );
    for key in &kept {
        subject.expect(key, &text("kept")).await;
    }
    for text in ["a", "b", "c"] {
        subject.expect_nothing(&key_in("shop", text)).await;
        subject.expect_nothing(&key_in("shop:eu", text)).await;
    }
}

/// A stack frees entries in each of its layers.
fn stores(stats: &Stats) -> u64 {
    stats.layers.iter().map(stores).sum::<u64>().max(1)
}
