//! What a batch costs in each layer, and on layers that fail.

use std::collections::HashMap;
use std::time::Duration;

use cachestack::testing::{Fault, Faults, FaultyBackend, Method};
use cachestack::{Cache, EntryOptions, ErrorKind, MemoryBackend, RedisBackend};
use cachestack_tests::servers::Redis;

use super::{Calls, Gate, MINUTE, doubled, key_of, settle};

/// Memory above two stores that are waited for.
fn stacked() -> (Cache, [Faults; 2]) {
    let layer = || FaultyBackend::new(MemoryBackend::default()).with_info(|it| it.immediate(false));
    let (middle, low) = (layer(), layer());
    let faults = [middle.faults(), low.faults()];
    let memory = MemoryBackend::builder().max_entries(100).build().unwrap();
    let builder = Cache::builder().layer(memory).layer(middle).layer(low);
    (builder.build().unwrap(), faults)
}

/// How often a layer was asked: for one, for many, to keep one, to keep many.
fn asked(faults: &Faults) -> [u64; 4] {
    [Method::Get, Method::GetMany, Method::Set, Method::SetMany].map(|it| faults.calls(it))
}

fn since(before: [u64; 4], faults: &Faults) -> [u64; 4] {
    let mut now = asked(faults);
    now.iter_mut()
        .zip(before)
        .for_each(|(now, then)| *now -= then);
    now
}

#[tokio::test]
async fn each_layer_is_asked_once_and_given_once_what_was_computed() {
    let (cache, layers) = stacked();
    let calls = Calls::default();
    // The numbers of the namespace and of the tag are known from now on.
    let tagged = || EntryOptions::new().tags(["doubles"]);
    cache.set("double:0", 0_u64, tagged()).await.unwrap();
    let before = layers.each_ref().map(asked);
    let got: HashMap<u64, u64> = cache
        .get_or_compute_many(0..50, key_of, tagged(), |missing| calls.double(missing))
        .await;
    assert_eq!((got.len(), calls.all()[0].len()), (50, 49));
    for (before, faults) in before.into_iter().zip(&layers) {
        assert_eq!(since(before, faults), [0, 1, 0, 1]);
    }
}

#[tokio::test]
async fn the_numbers_of_tags_are_asked_for_in_the_same_turn() {
    let (cache, layers) = stacked();
    let tagged = || EntryOptions::new().tags(["doubles", "all"]);
    let calls = Calls::default();
    let before = layers.each_ref().map(asked);
    let compute = |missing| calls.double(missing);
    cache
        .get_or_compute_many(0..50, key_of, tagged(), compute)
        .await;
    for (before, faults) in before.into_iter().zip(&layers) {
        // The numbers are made, and written in one turn; then the values.
        assert_eq!(since(before, faults), [0, 1, 0, 2]);
    }
}

#[tokio::test]
async fn what_a_lower_layer_has_is_found_in_one_turn_and_copied_up() {
    let low = MemoryBackend::default();
    let below = FaultyBackend::new(low).with_info(|it| it.immediate(false));
    let faults = below.faults();
    let calls = Calls::default();
    {
        let cache = Cache::builder().layer(below.clone()).build().unwrap();
        calls.doubles(&cache, 0..20).await;
    }
    let memory = MemoryBackend::builder().max_entries(100).build().unwrap();
    let builder = Cache::builder().layer(memory.clone()).layer(below);
    let cache = builder.build().unwrap();
    let before = asked(&faults);
    assert_eq!(calls.doubles(&cache, 0..20).await.len(), 20);
    assert_eq!(since(before, &faults), [0, 1, 0, 0]);
    assert_eq!(calls.doubles(&cache, 0..20).await.len(), 20);
    assert_eq!(since(before, &faults), [0, 1, 0, 0]);
    assert_eq!((calls.many(), memory.len()), (1, 20));
}

#[tokio::test]
async fn a_layer_that_fails_only_costs_the_computation() {
    let (cache, [middle, low]) = stacked();
    for faults in [&middle, &low] {
        for method in [Method::Get, Method::GetMany, Method::Set, Method::SetMany] {
            faults.inject(method, Fault::Fail(ErrorKind::Unavailable));
        }
    }
    let calls = Calls::default();
    for _ in 0..2 {
        assert_eq!(calls.doubles(&cache, 0..20).await.len(), 20);
    }
    // Memory has what could not be stored below.
    assert_eq!(calls.many(), 1);
}

#[tokio::test]
async fn of_a_batch_on_several_layers_the_key_that_was_invalidated_is_in_none() {
    let (cache, _layers) = stacked();
    let (calls, gate) = (Calls::default(), Gate::closed());
    let batch = {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
        tokio::spawn(async move { calls.doubles_at(&gate, &cache, 0..4).await })
    };
    while calls.many() == 0 {
        settle().await;
    }
    cache.delete("double:2").await.unwrap();
    gate.let_go(1);
    assert_eq!(batch.await.unwrap().len(), 4);
    for id in 0..4 {
        assert_eq!(cache.exists(key_of(&id)).await.unwrap(), id != 2);
    }
}

#[tokio::test]
async fn a_tag_that_is_invalidated_meanwhile_keeps_the_whole_batch_out() {
    let (cache, _layers) = stacked();
    let (calls, gate) = (Calls::default(), Gate::closed());
    let batch = {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
        tokio::spawn(async move {
            let compute = async |missing: Vec<u64>| {
                calls.note(&missing);
                gate.pass().await;
                doubled(&missing)
            };
            let options = EntryOptions::new().tags(["doubles"]);
            cache
                .get_or_compute_many(0..4, key_of, options, compute)
                .await
        })
    };
    while calls.many() == 0 {
        settle().await;
    }
    cache.invalidate_tag("doubles").await.unwrap();
    gate.let_go(1);
    assert_eq!(batch.await.unwrap().len(), 4);
    let stored = cache.get_many::<u64>((0..4).map(|id| key_of(&id))).await;
    assert_eq!(stored.unwrap(), [None; 4]);
}

#[tokio::test]
async fn memory_over_a_redis_server_serves_batches_of_values_and_of_absence() {
    let server = Redis::start();
    let open = || {
        let redis = RedisBackend::builder(server.dsn()).timeout(Duration::from_secs(5));
        let memory = MemoryBackend::builder().max_entries(1_000).build().unwrap();
        let builder = Cache::builder().namespace("shop").layer(memory);
        builder.layer(redis.build().unwrap()).build().unwrap()
    };
    let calls = Calls::default();
    let halves = async |cache: &Cache| -> HashMap<u64, u64> {
        let options = EntryOptions::new()
            .ttl(MINUTE)
            .none_ttl(MINUTE)
            .tags(["halves"]);
        let compute = async |missing: Vec<u64>| {
            calls.note(&missing);
            let even = missing.into_iter().filter(|id| id % 2 == 0);
            even.map(|id| (id, id / 2)).collect::<Vec<_>>()
        };
        cache
            .get_or_compute_many(0..100, key_of, options, compute)
            .await
    };
    let (one, two) = (open(), open());
    assert_eq!(halves(&one).await.len(), 50);
    assert_eq!(halves(&two).await.len(), 50);
    assert_eq!(calls.many(), 1);
    two.delete("double:8").await.unwrap();
    two.delete("double:9").await.unwrap();
    assert_eq!(halves(&two).await.len(), 50);
    assert_eq!(calls.all()[1..], [vec![8, 9]]);
    two.invalidate_tag("halves").await.unwrap();
    assert_eq!(halves(&two).await.len(), 50);
    assert_eq!((calls.many(), calls.all()[2].len()), (3, 100));
    one.close().await.unwrap();
    two.close().await.unwrap();
}
