//! Tags by hand, in memory.

use std::sync::atomic::{AtomicU32, Ordering};

use cachestack::{EntryOptions, MemoryBackend};

use super::{MINUTE, cache};

fn tags<const N: usize>(tags: [&str; N]) -> EntryOptions {
    EntryOptions::new().ttl(MINUTE).tags(tags)
}

#[tokio::test]
async fn an_invalidated_tag_takes_its_entries_and_no_others() {
    let cache = cache();
    cache.set("a", 1, tags(["red"])).await.unwrap();
    let several = [("b", 2), ("c", 3)];
    cache
        .set_many(several, tags(["red", "blue"]))
        .await
        .unwrap();
    cache.set("d", 4, MINUTE).await.unwrap();
    cache.invalidate_tag("red").await.unwrap();
    let keys = ["a", "b", "c", "d"];
    let left = [None, None, None, Some(4)];
    assert_eq!(cache.get_many::<i32>(keys).await.unwrap(), left);
    cache.set("a", 5, tags(["red"])).await.unwrap();
    cache.invalidate_tags(["blue", "green"]).await.unwrap();
    assert_eq!(cache.get::<i32>("a").await.unwrap(), Some(5));
    let stats = cache.stats().await.unwrap();
    assert!(stats.to_string().contains("3 outdated"), "{stats}");
}

#[test]
fn sync_code_has_tags_too() {
    let cache = cache().blocking();
    let computed = AtomicU32::new(0);
    let get = |key: &str, tag: &str| {
        cache.get_or_compute(key, tags([tag]), || computed.fetch_add(1, Ordering::SeqCst))
    };
    assert_eq!(
        [get("a", "red"), get("b", "blue"), get("a", "red")],
        [0, 1, 0]
    );
    cache.invalidate_tag("red").unwrap();
    assert_eq!([get("a", "red"), get("b", "blue")], [2, 1]);
    cache.invalidate_tags(["red", "blue"]).unwrap();
    assert_eq!([get("a", "red"), get("b", "blue")], [3, 4]);
}

#[tokio::test]
async fn tags_of_two_caches_on_one_store_are_their_own() {
    let memory = MemoryBackend::default();
    let of = |space: &str| {
        let builder = cachestack::Cache::builder().namespace(space);
        builder.layer(memory.clone()).build().unwrap()
    };
    let (shop, same, other) = (of("shop"), of("shop"), of("other"));
    for cache in [&shop, &other] {
        cache.set("a", 1, tags(["red"])).await.unwrap();
    }
    same.invalidate_tag("red").await.unwrap();
    assert_eq!(shop.get::<i32>("a").await.unwrap(), None);
    assert_eq!(other.get::<i32>("a").await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_closed_cache_invalidates_nothing_and_says_so() {
    let cache = cache();
    cache.close().await.unwrap();
    assert!(cache.invalidate_tag("red").await.is_err());
}
