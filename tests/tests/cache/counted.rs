//! What a cache counts.

use std::time::Duration;

use cachestack::{Cache, MemoryBackend};
use cachestack_tests::Shelf;

use super::cache;

#[tokio::test]
async fn hits_and_misses_are_counted_for_the_stack_and_each_layer() {
    let (memory, shelf) = (MemoryBackend::default(), Shelf::new());
    let cache = Cache::builder().namespace("shop").layer(memory.clone());
    let cache = cache.layer(shelf).build().unwrap();
    cache.set("k", 1, None).await.unwrap();
    cache.get::<i32>("k").await.unwrap();
    cache.get::<i32>("x").await.unwrap();
    Cache::builder()
        .namespace("shop")
        .layer(memory)
        .build()
        .unwrap()
        .clear()
        .await
        .unwrap();
    // From the lower layer now, and copied up.
    cache.get::<i32>("k").await.unwrap();
    cache.get::<i32>("k").await.unwrap();
    cache.delete("k").await.unwrap();

    let stats = cache.stats().await.unwrap();
    assert_eq!(stats.namespace, "shop");
    let stack = &stats.stack;
    assert_eq!(stack.backend, "tiered");
    assert_eq!((stack.hits, stack.misses), (3, 1));
    assert_eq!((stack.writes, stack.deletes), (1, 1));
    assert_eq!((stack.backfills, stack.errors), (1, 0));
    assert_eq!(stack.hit_rate(), Some(0.75));
    let [memory, shelf] = stack.layers.as_slice() else {
        panic!("two layers");
    };
    assert_eq!((&*memory.backend, &*shelf.backend), ("memory", "shelf"));
    assert_eq!((memory.hits, memory.misses), (2, 2));
    assert_eq!((memory.entries, memory.backfills), (Some(0), 1));
    assert_eq!(memory.policy.as_deref(), Some("s3_fifo"));
}

#[tokio::test]
async fn computations_are_counted() {
    let cache = cache();
    for _ in 0..3 {
        cache.get_or_compute("k", None, || async { 1 }).await;
    }
    let none = Duration::ZERO;
    cache.get_or_compute("z", none, || async { 1 }).await;
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.refused), (2, 1));
    assert_eq!((stats.coalesced, stats.in_flight), (0, 0));
    assert_eq!((stats.failed_open, stats.uncached), (0, 0));
}

#[tokio::test]
async fn stats_are_a_few_lines_for_people_and_fields_for_machines() {
    let cache = cache();
    cache.get_or_compute("k", None, || async { 1 }).await;
    let stats = cache.stats().await.unwrap();
    let text = stats.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "computed 1, coalesced 0, refused 0, failed open 0, late 0, uncached 0, stale 0, \
         revalidated 0, put off 0, in flight 0, in background 0"
    );
    assert!(lines[1].starts_with("tiered: 0 hits, 1 miss"), "{text}");
    assert!(lines[2].contains("L1 memory: 0 hits, 1 miss"), "{text}");
    let json = serde_json::to_value(&stats).unwrap();
    assert_eq!(json["computed"], 1);
    assert_eq!(json["stack"]["layers"][0]["entries"], 1);
}
