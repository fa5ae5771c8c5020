//! Which layer answered, and how long layers took.

use std::time::Duration;

use cachestack::{Backend, Cache, Clock, MemoryBackend, Operation, Outcome, TieredCache, cached};
use cachestack_tests::Shelf;

use super::Heard;

#[tokio::test]
async fn a_hit_names_the_layer_that_had_it() {
    #[cached]
    async fn double(x: u64) -> u64 {
        x * 2
    }

    let (heard, shelf) = (Heard::default(), Shelf::new());
    Cache::from(shelf.clone()).scope(double(4)).await;
    let stack = Cache::builder().layer(MemoryBackend::default());
    let cache = heard.of(stack.layer(shelf));
    cache.scope(double(4)).await;
    cache.flush().await.unwrap();
    cache.scope(double(4)).await;
    let told = heard.take();
    let layers: Vec<_> = told
        .iter()
        .map(|it| (it.outcome, it.layer.clone()))
        .collect();
    assert_eq!(
        layers,
        [
            (Outcome::Hit, Some((1, String::from("shelf")))),
            (Outcome::Hit, Some((0, String::from("memory")))),
        ]
    );
    let stats = double::entries().stats();
    assert_eq!((stats.hits, stats.computed), (2, 1));
    assert_eq!(stats.hits_by_layer, [1, 1]);
    assert!(
        stats
            .to_string()
            .starts_with("hits 2 (L1 1, L2 1), computed 1")
    );
    let stack = cache.stats().await.unwrap().stack;
    assert_eq!((stack.layers[0].hits, stack.hits), (1, 2));
}

#[tokio::test]
async fn of_a_stack_within_a_stack_the_outer_layer_counts() {
    let (heard, shelf) = (Heard::default(), Shelf::new());
    Cache::from(shelf.clone()).set("k", 1, None).await.unwrap();
    let inner = TieredCache::builder().layer(MemoryBackend::default());
    let inner = inner.layer(shelf).build().unwrap();
    let outer = Cache::builder().layer(MemoryBackend::default());
    let cache = heard.of(outer.layer(inner));
    assert_eq!(cache.get_or_compute("k", None, || async { 2 }).await, 1);
    let told = heard.take();
    assert_eq!(told[0].outcome, Outcome::Hit);
    assert_eq!(told[0].layer, Some((1, String::from("tiered"))));
}

#[tokio::test]
async fn the_operations_of_a_layer_are_timed_by_the_clock_of_the_stack() {
    let (clock, shelf) = (Clock::manual(), Shelf::new());
    let stack = TieredCache::builder().clock(clock.clone());
    let stack = stack.layer(MemoryBackend::default()).layer(shelf.clone());
    let cache = Cache::from(stack.build().unwrap());
    cache.set("warm", 1, None).await.unwrap();
    let before = cache.stats().await.unwrap().stack.layers[1].operations;
    let before = before.unwrap();

    let held = shelf.hold(Operation::Get);
    let asking = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get::<u64>("cold").await }
    });
    held.arrived().await;
    clock.advance(Duration::from_millis(30));
    drop(held);
    assert_eq!(asking.await.unwrap().unwrap(), None);

    let stats = cache.stats().await.unwrap().stack;
    let after = stats.layers[1].operations.unwrap();
    assert!(after.count > before.count);
    assert_eq!(after.total - before.total, Duration::from_millis(30));
    assert_eq!(after.longest, Duration::from_millis(30));
    assert!(stats.to_string().contains(" in 30.0ms, "), "{stats}");
    let json = serde_json::to_value(&stats).unwrap();
    assert_eq!(json["layers"][1]["operations"]["total"], 0.03);
}

#[tokio::test]
async fn an_operation_that_failed_is_timed_too() {
    let shelf = Shelf::new();
    let cache = Cache::from(shelf.clone());
    shelf.set_broken(true);
    cache.get::<u64>("k").await.unwrap_err();
    let stats = cache.stats().await.unwrap().stack;
    assert!(stats.layers[0].operations.unwrap().count > 0);
}

#[tokio::test]
async fn memory_is_not_timed() {
    let memory = MemoryBackend::default();
    let cache = Cache::from(memory.clone());
    cache.set("k", 1, None).await.unwrap();
    cache.get::<u64>("k").await.unwrap();
    let stats = cache.stats().await.unwrap();
    assert_eq!(stats.stack.layers[0].operations, None);
    assert_eq!(memory.stats().await.unwrap().operations, None);
    assert!(!stats.stack.to_string().contains("operations"));
}
