//! What a stack does with its layers, seen from a cache.

use std::time::Duration;

use cachestack::{
    Backend, Cache, Clock, ErrorKind, EvictionPolicy, Lookup, MemoryBackend, Operation, Stats,
    TieredCache, ValueType,
};
use cachestack_tests::Shelf;

use super::MINUTE;

fn over(memory: &MemoryBackend, shelf: &Shelf) -> Cache {
    let cache = Cache::builder().layer(memory.clone()).layer(shelf.clone());
    cache.build().unwrap()
}

#[tokio::test]
async fn what_a_lower_layer_has_is_copied_up_with_the_time_it_has_left() {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let (top, below) = (memory.build().unwrap(), Shelf::new());
    let lower = Cache::builder().layer(below.clone()).clock(clock.clone());
    let lower = lower.build().unwrap();
    lower.set("k", 1, MINUTE).await.unwrap();
    clock.advance(MINUTE / 4);
    let cache = Cache::builder().layer(top.clone()).layer(below);
    let cache = cache.clock(clock.clone()).build().unwrap();
    assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(1));
    let key = cache.key("k");
    let copy = top.get(&key, ValueType::of::<i32>()).await.unwrap();
    let Lookup::Hit(copy) = copy else {
        panic!("it was not copied: {copy:?}");
    };
    assert_eq!(copy.time_left(clock.now()), Some(MINUTE / 4 * 3));
}

#[tokio::test]
async fn reads_pass_over_a_broken_layer_and_count_it() {
    let (top, below) = (Shelf::new(), Shelf::new());
    let cache = Cache::builder().layer(top.clone()).layer(below.clone());
    let cache = cache.build().unwrap();
    cache.set("k", 1, None).await.unwrap();
    top.set_broken(true);
    assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(1));
    assert_eq!(cache.get_many::<i32>(["k"]).await.unwrap(), [Some(1)]);
    assert!(cache.exists("k").await.unwrap());
    let stats = cache.stats().await.unwrap();
    assert_eq!(stats.stack.layers[0].errors, 3);
    below.set_broken(true);
    let error = cache.get::<i32>("k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.operation(), Some(Operation::Get));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn writes_by_hand_give_the_error_of_a_broken_layer() {
    let (memory, shelf) = (MemoryBackend::default(), Shelf::new());
    let cache = over(&memory, &shelf);
    shelf.set_broken(true);
    for error in [
        cache.set("k", 1, None).await.unwrap_err(),
        cache.set_many([("k", 1)], None).await.unwrap_err(),
        cache.delete("k").await.unwrap_err(),
        cache.delete_many(["k", "l"]).await.unwrap_err(),
        cache.clear().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test]
async fn a_silent_stack_never_fails_and_still_counts() {
    let shelf = Shelf::new();
    let cache = Cache::builder().layer(shelf.clone()).silent(true);
    let cache = cache.build().unwrap();
    shelf.set_broken(true);
    assert_eq!(cache.get::<i32>("k").await.unwrap(), None);
    assert_eq!(cache.get_many::<i32>(["k"]).await.unwrap(), [None]);
    assert!(!cache.exists("k").await.unwrap());
    cache.set("k", 1, None).await.unwrap();
    cache.set_many([("k", 1)], None).await.unwrap();
    cache.delete("k").await.unwrap();
    cache.clear().await.unwrap();
    assert_eq!(cache.stats().await.unwrap().stack.errors, 7);
}

#[tokio::test]
async fn a_value_of_another_type_below_is_not_copied_up() {
    let (memory, shelf) = (MemoryBackend::default(), Shelf::new());
    let cache = over(&memory, &shelf);
    Cache::from(shelf).set("k", 1_u32, None).await.unwrap();
    assert_eq!(cache.get::<String>("k").await.unwrap(), None);
    assert!(memory.is_empty());
    assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(1));
    assert_eq!(memory.len(), 1);
}

#[tokio::test]
async fn a_stack_may_be_a_layer_of_another() {
    let (memory, shelf) = (MemoryBackend::default(), Shelf::new());
    let inner = TieredCache::builder().layer(memory).layer(shelf.clone());
    let outer = Cache::builder().layer(MemoryBackend::default());
    let outer = outer.layer(inner.build().unwrap()).build().unwrap();
    outer.set("k", 1, None).await.unwrap();
    assert_eq!(shelf.len(), 1);
    assert_eq!(outer.get::<i32>("k").await.unwrap(), Some(1));
    outer.delete("k").await.unwrap();
    assert!(shelf.is_empty());
    assert_eq!(outer.get::<i32>("k").await.unwrap(), None);
}

#[tokio::test]
async fn with_lru_and_lfu_the_one_of_three_that_was_not_touched_goes() {
    for policy in [EvictionPolicy::Lru, EvictionPolicy::Lfu] {
        let memory = MemoryBackend::builder().policy(policy).max_entries(3);
        let cache = Cache::from(memory.build().unwrap());
        cache
            .set_many([("a", 1), ("b", 2), ("c", 3)], None)
            .await
            .unwrap();
        cache.get::<i32>("a").await.unwrap();
        cache.get::<i32>("c").await.unwrap();
        cache.set("d", 4, None).await.unwrap();
        let found = cache.get_many::<i32>(["a", "b", "c", "d"]).await.unwrap();
        assert_eq!(found, [Some(1), None, Some(3), Some(4)]);
    }
}

#[tokio::test]
async fn with_the_ttl_policy_the_one_that_ends_first_goes() {
    let memory = MemoryBackend::builder()
        .policy(EvictionPolicy::Ttl)
        .max_entries(2);
    let cache = Cache::from(memory.build().unwrap());
    cache.set("late", 1, MINUTE).await.unwrap();
    cache
        .set("early", 2, Duration::from_secs(30))
        .await
        .unwrap();
    cache.set("new", 3, MINUTE).await.unwrap();
    let found = cache.get_many::<i32>(["late", "early", "new"]);
    assert_eq!(found.await.unwrap(), [Some(1), None, Some(3)]);
}

/// The least that a backend must have.
struct Nothing;

impl Backend for Nothing {
    async fn get(&self, _: &cachestack::Key, _: &'static ValueType) -> cachestack::Result<Lookup> {
        Ok(Lookup::Miss)
    }
    async fn set(&self, _: &cachestack::Key, _: cachestack::Entry) -> cachestack::Result<()> {
        Ok(())
    }
    async fn delete(&self, _: &cachestack::Key) -> cachestack::Result<()> {
        Ok(())
    }
    async fn exists(&self, _: &cachestack::Key) -> cachestack::Result<bool> {
        Ok(false)
    }
    async fn clear(&self, _: &cachestack::Namespace) -> cachestack::Result<()> {
        Ok(())
    }
    async fn stats(&self) -> cachestack::Result<Stats> {
        Ok(Stats::new("nothing"))
    }
}

#[tokio::test]
async fn a_backend_of_ones_own_needs_six_methods() {
    let cache = Cache::from(Nothing);
    cache.set("k", 1, None).await.unwrap();
    assert_eq!(cache.get::<i32>("k").await.unwrap(), None);
    assert_eq!(
        cache.get_many::<i32>(["k", "l"]).await.unwrap(),
        [None, None]
    );
    cache.set_many([("k", 1)], None).await.unwrap();
    cache.delete_many(["k"]).await.unwrap();
    assert_eq!(cache.purge_expired().await.unwrap(), 0);
    assert_eq!(cache.get_or_compute("k", None, || async { 1 }).await, 1);
    cache.close().await.unwrap();
    assert_eq!(
        cache.stats().await.unwrap().stack.layers[0].backend,
        "nothing"
    );
}
