//! Invalidations and writes by hand win over computations that began before them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use cachestack::{Cache, MemoryBackend, cached};
use cachestack_tests::Shelf;

use super::{Gate, cache, in_flight, settle};

fn compute(cache: &Cache, gate: &Gate, value: u32) -> tokio::task::JoinHandle<u32> {
    let (cache, gate) = (cache.clone(), gate.clone());
    tokio::spawn(async move {
        let compute = || async move {
            gate.pass().await;
            value
        };
        cache.get_or_compute("k", None, compute).await
    })
}

async fn who_calls_later_never_gets_what_was_begun_before(cache: Cache) {
    let (old, new) = (Gate::closed(), Gate::closed());
    let leader = compute(&cache, &old, 1);
    settle().await;
    let waiter = compute(&cache, &old, 1);
    settle().await;
    cache.delete("k").await.unwrap();
    let later = compute(&cache, &new, 2);
    settle().await;
    assert_eq!((old.begun(), new.begun()), (1, 1));
    old.let_go(1);
    // They called before; the old value is theirs, and nobody else's.
    assert_eq!(leader.await.unwrap(), 1);
    assert_eq!(waiter.await.unwrap(), 1);
    assert_eq!(cache.get::<u32>("k").await.unwrap(), None);
    new.let_go(1);
    assert_eq!(later.await.unwrap(), 2);
    assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(2));
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn who_calls_after_an_invalidation_never_joins_an_older_flight() {
    who_calls_later_never_gets_what_was_begun_before(cache()).await;
}

#[tokio::test]
async fn who_calls_after_an_invalidation_of_a_slow_layer_never_joins_an_older_flight() {
    let shelf = Shelf::new();
    let cache = Cache::from(shelf.clone());
    // Makes the number of the namespace, for which a computation would wait.
    cache.set("first", 0, None).await.unwrap();
    cache.delete("first").await.unwrap();
    who_calls_later_never_gets_what_was_begun_before(cache).await;
    assert_eq!(shelf.len(), 1);
}

#[tokio::test]
async fn who_calls_after_its_tag_was_invalidated_never_joins_an_older_flight() {
    let cache = cache();
    let tagged = |gate: &Gate, value: u32| {
        let (cache, gate) = (cache.clone(), gate.clone());
        tokio::spawn(async move {
            let options = cachestack::EntryOptions::new().tags(["red"]);
            let compute = || async move {
                gate.pass().await;
                value
            };
            cache.get_or_compute("k", options, compute).await
        })
    };
    let (old, new) = (Gate::closed(), Gate::closed());
    let leader = tagged(&old, 1);
    settle().await;
    cache.invalidate_tag("red").await.unwrap();
    let later = tagged(&new, 2);
    settle().await;
    assert_eq!((old.begun(), new.begun()), (1, 1));
    new.let_go(1);
    assert_eq!(later.await.unwrap(), 2);
    old.let_go(1);
    assert_eq!(leader.await.unwrap(), 1);
    assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(2));
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn a_computation_from_before_a_clear_is_stored_nowhere() {
    let shelf = Shelf::new();
    let memory = MemoryBackend::default();
    let cache = Cache::builder().layer(memory.clone()).layer(shelf.clone());
    let (cache, gate) = (cache.build().unwrap(), Gate::closed());
    let leader = compute(&cache, &gate, 1);
    settle().await;
    cache.clear().await.unwrap();
    gate.let_go(1);
    assert_eq!(leader.await.unwrap(), 1);
    assert!(memory.is_empty() && shelf.is_empty());
    assert_eq!(cache.stats().await.unwrap().stack.fenced, 1);
}

#[tokio::test]
async fn a_value_that_is_put_by_hand_during_a_computation_stays() {
    let shelf = Shelf::new();
    let stack = Cache::builder()
        .layer(MemoryBackend::default())
        .layer(shelf);
    for cache in [cache(), stack.build().unwrap()] {
        let gate = Gate::closed();
        let leader = compute(&cache, &gate, 1);
        settle().await;
        cache.set("k", 2_u32, None).await.unwrap();
        gate.let_go(1);
        assert_eq!(leader.await.unwrap(), 1);
        assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(2));
    }
}

#[test]
fn no_call_that_begins_after_an_invalidation_ever_gets_an_older_value() {
    static VERSION: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    fn version() -> usize {
        let version = VERSION.load(Ordering::SeqCst);
        thread::yield_now();
        version
    }

    let shelf = Shelf::new();
    let memory = MemoryBackend::default();
    let cache = Cache::builder().layer(memory).layer(shelf);
    let cache = cache.build().unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    cache.sync_scope(version);
                }
            });
        }
        cache.sync_scope(|| {
            for _ in 0..300 {
                let newest = VERSION.fetch_add(1, Ordering::SeqCst) + 1;
                version::entry().blocking().invalidate().unwrap();
                assert_eq!(version(), newest);
            }
        });
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
}
