//! What is there, what is computed, and what comes of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::{Cache, Clock, EntryOptions, MemoryBackend};

use super::{Calls, MINUTE, cache, doubled, in_flight, key_of};

#[tokio::test]
async fn the_body_is_called_once_with_the_missing_ids_alone() {
    let (cache, calls) = (cache(), Calls::default());
    cache.set("double:2", 4_u64, None).await.unwrap();
    let got = calls.doubles(&cache, [1, 2, 3]).await;
    assert_eq!(got, HashMap::from([(1, 2), (2, 4), (3, 6)]));
    assert_eq!(calls.all(), [[1, 3]]);
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn the_body_is_not_called_when_nothing_is_missing() {
    let (cache, calls) = (cache(), Calls::default());
    calls.doubles(&cache, 0..10).await;
    let again = calls.doubles(&cache, 0..10).await;
    assert_eq!((again.len(), calls.many()), (10, 1));
    assert_eq!(calls.doubles(&cache, []).await, HashMap::new());
    assert_eq!(calls.many(), 1);
}

#[tokio::test]
async fn an_id_that_stands_several_times_is_asked_for_once() {
    let (cache, calls) = (cache(), Calls::default());
    let got = calls.doubles(&cache, [7, 1, 7, 1, 7]).await;
    assert_eq!(got, HashMap::from([(7, 14), (1, 2)]));
    assert_eq!(calls.all(), [[7, 1]]);
}

#[tokio::test]
async fn ids_that_share_a_key_share_its_value() {
    let (cache, calls) = (cache(), Calls::default());
    let compute = |missing: Vec<u64>| calls.double(missing);
    let got: HashMap<u64, u64> = cache
        .get_or_compute_many([1, 11, 2], |id| format!("{}", id % 10), MINUTE, compute)
        .await;
    assert_eq!(got, HashMap::from([(1, 2), (11, 2), (2, 4)]));
    assert_eq!(calls.all(), [[1, 2]]);
}

#[tokio::test]
async fn what_was_not_asked_for_is_left_out() {
    let cache = cache();
    let got: HashMap<u64, u64> = cache
        .get_or_compute_many([1], key_of, MINUTE, |_| async { doubled(&[1, 2]) })
        .await;
    assert_eq!(got, HashMap::from([(1, 2)]));
    assert_eq!(cache.get::<u64>("double:2").await.unwrap(), None);
}

#[tokio::test]
async fn single_calls_and_batches_have_the_same_entries() {
    let (cache, calls) = (cache(), Calls::default());
    let one: u64 = cache.get_or_compute(key_of(&1), None, || async { 2 }).await;
    calls.doubles(&cache, [1, 2]).await;
    let two: u64 = cache
        .get_or_compute(key_of(&2), None, || async { unreachable!() })
        .await;
    assert_eq!((one, two, calls.all()), (2, 4, vec![vec![2]]));
}

#[tokio::test]
async fn the_options_are_those_of_every_entry() {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let builder = Cache::builder().clock(clock.clone());
    let cache = builder.layer(memory.build().unwrap()).build().unwrap();
    let compute = |missing: Vec<u64>| async move { doubled(&missing) };
    let tagged = || EntryOptions::new().ttl(MINUTE).tags(["doubles"]);
    let got = cache.get_or_compute_many([1, 2], key_of, tagged(), compute);
    assert_eq!(got.await.len(), 2);
    clock.advance(MINUTE / 2);
    assert!(cache.exists("double:1").await.unwrap());
    cache.invalidate_tag("doubles").await.unwrap();
    assert_eq!(cache.get::<u64>("double:1").await.unwrap(), None);
    cache
        .get_or_compute_many([1, 2], key_of, tagged(), compute)
        .await;
    clock.advance(MINUTE);
    assert_eq!(cache.get::<u64>("double:2").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_stale_is_missing() {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let builder = Cache::builder().clock(clock.clone());
    let cache = builder.layer(memory.build().unwrap()).build().unwrap();
    let calls = Calls::default();
    let options = || EntryOptions::new().ttl(MINUTE).stale_if_error(MINUTE);
    for _ in 0..2 {
        let compute = |missing| calls.double(missing);
        let got = cache.get_or_compute_many([1, 2], key_of, options(), compute);
        assert_eq!(got.await.len(), 2);
        clock.advance(MINUTE);
        // A single call is served what the batch stored.
        let failing =
            cache.get_or_try_compute("double:1", options(), || async { Err("no source") });
        assert_eq!(failing.await, Ok(2_u64));
    }
    assert_eq!(calls.all(), [[1, 2], [1, 2]]);
}

#[tokio::test]
async fn an_error_goes_to_its_caller_and_nothing_is_stored() {
    let (cache, calls) = (cache(), Calls::default());
    calls.doubles(&cache, [1]).await;
    let failing = cache.get_or_try_compute_many([1, 2, 3], key_of, MINUTE, |missing| {
        calls.note(&missing);
        async { Err::<Vec<(u64, u64)>, _>("no source") }
    });
    assert_eq!(failing.await, Err("no source"));
    assert_eq!(cache.get::<u64>("double:2").await.unwrap(), None);
    assert_eq!(in_flight(&cache).await, 0);
    let working = cache.get_or_try_compute_many([1, 2, 3], key_of, MINUTE, |missing| {
        calls.note(&missing);
        async move { Ok::<_, &str>(doubled(&missing)) }
    });
    assert_eq!(working.await.unwrap().len(), 3);
    assert_eq!(calls.all(), [vec![1], vec![2, 3], vec![2, 3]]);
}

#[test]
fn sync_code_has_the_same_batches() {
    let (cache, runs) = (cache().blocking(), AtomicUsize::new(0));
    let double = |missing: Vec<u64>| {
        runs.fetch_add(1, Ordering::SeqCst);
        doubled(&missing)
    };
    let got: HashMap<u64, u64> = cache.get_or_compute_many(0..4, key_of, MINUTE, double);
    assert_eq!((got.len(), got[&3]), (4, 6));
    let failing = cache.get_or_try_compute_many(0..5, key_of, MINUTE, |missing| {
        assert_eq!(missing, [4]);
        Err::<Vec<(u64, u64)>, _>("no source")
    });
    assert_eq!(failing, Err("no source"));
    let got: HashMap<u64, u64> = cache.get_or_compute_many(0..5, key_of, MINUTE, double);
    assert_eq!((got.len(), runs.load(Ordering::SeqCst)), (5, 2));
}

#[tokio::test]
async fn a_closed_cache_computes_all() {
    let (cache, calls) = (cache(), Calls::default());
    calls.doubles(&cache, [1]).await;
    cache.close().await.unwrap();
    for _ in 0..2 {
        assert_eq!(calls.doubles(&cache, [1, 2]).await.len(), 2);
    }
    assert_eq!(calls.all(), [vec![1], vec![1, 2], vec![1, 2]]);
}

#[tokio::test]
async fn a_batch_can_go_to_another_thread() {
    let cache = cache();
    let task = tokio::spawn(async move { Calls::default().doubles(&cache, 0..3).await });
    assert_eq!(task.await.unwrap().len(), 3);
}

#[tokio::test]
async fn it_counts_every_key() {
    let (cache, calls) = (cache(), Calls::default());
    calls.doubles(&cache, 0..3).await;
    calls.doubles(&cache, 0..5).await;
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.stack.hits), (5, 3));
}
