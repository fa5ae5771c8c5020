//! Keys that one batch computes and others wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{Cache, Clock, MemoryBackend};
use cachestack_tests::{eventually, within};

use super::{Calls, Gate, MINUTE, cache, doubled, in_flight, key_of, settle};

#[tokio::test]
async fn a_single_call_waits_for_a_batch_and_a_batch_for_a_single_call() {
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let single = {
        let (cache, gate) = (cache.clone(), gate.clone());
        tokio::spawn(async move {
            let compute = || async move {
                gate.pass().await;
                200_u64
            };
            cache.get_or_compute("double:1", None, compute).await
        })
    };
    settle().await;
    let batch = {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
        tokio::spawn(async move { calls.doubles_at(&gate, &cache, [1, 2]).await })
    };
    settle().await;
    let other = {
        let cache = cache.clone();
        tokio::spawn(async move {
            let compute = || async { unreachable!("the batch computes it") };
            cache
                .get_or_compute::<u64, _, _, _>("double:2", None, compute)
                .await
        })
    };
    settle().await;
    gate.let_go(2);
    assert_eq!((single.await.unwrap(), other.await.unwrap()), (200, 4));
    assert_eq!(batch.await.unwrap(), [(1, 200), (2, 4)].into());
    assert_eq!((calls.all(), in_flight(&cache).await), (vec![vec![2]], 0));
}

#[tokio::test]
async fn after_a_batch_that_panics_each_of_its_keys_is_computed_once_more() {
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let first = {
        let (cache, gate) = (cache.clone(), gate.clone());
        tokio::spawn(async move {
            let compute = async |_: Vec<u64>| -> Vec<(u64, u64)> {
                gate.pass().await;
                panic!("the computation panics, as this test wants")
            };
            cache
                .get_or_compute_many(0..5, key_of, MINUTE, compute)
                .await
        })
    };
    settle().await;
    let others: Vec<_> = (0..5)
        .map(|_| {
            let (cache, calls) = (cache.clone(), calls.clone());
            tokio::spawn(async move { calls.doubles(&cache, 0..6).await })
        })
        .collect();
    settle().await;
    assert_eq!(calls.all(), [[5]]);
    gate.let_go(1);
    assert!(first.await.unwrap_err().is_panic());
    for other in others {
        assert_eq!(other.await.unwrap().len(), 6);
    }
    let mut computed: Vec<u64> = calls.all().concat();
    computed.sort_unstable();
    assert_eq!(computed, [0, 1, 2, 3, 4, 5]);
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn a_batch_that_is_dropped_hands_every_key_over() {
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let first = {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
        tokio::spawn(async move { calls.doubles_at(&gate, &cache, 0..5).await })
    };
    settle().await;
    let other = {
        let (cache, calls) = (cache.clone(), calls.clone());
        tokio::spawn(async move { calls.doubles(&cache, 0..5).await })
    };
    settle().await;
    first.abort();
    assert_eq!(other.await.unwrap().len(), 5);
    assert_eq!(calls.all(), [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]);
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn a_batch_that_computes_keeps_nobody_from_the_keys_it_waits_for() {
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let leader = |id: u64, gate: &Gate| {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
        tokio::spawn(async move { calls.doubles_at(&gate, &cache, [id]).await })
    };
    let (one, two) = (leader(1, &gate), leader(2, &gate));
    settle().await;
    let held = Gate::closed();
    let batch = {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), held.clone());
        tokio::spawn(async move { calls.doubles_at(&gate, &cache, [1, 2]).await })
    };
    settle().await;
    // The batch computes 1 now, which takes long.
    one.abort();
    settle().await;
    let other = {
        let (cache, calls) = (cache.clone(), calls.clone());
        tokio::spawn(async move { calls.doubles(&cache, [2]).await })
    };
    settle().await;
    two.abort();
    assert_eq!(other.await.unwrap(), [(2, 4)].into());
    held.let_go(1);
    assert_eq!(batch.await.unwrap(), [(1, 2), (2, 4)].into());
    assert_eq!(calls.all(), [[1], [2], [1], [2]]);
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn after_an_error_those_who_wait_compute() {
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let first = {
        let (cache, gate) = (cache.clone(), gate.clone());
        tokio::spawn(async move {
            let compute = async |_: Vec<u64>| {
                gate.pass().await;
                Err::<Vec<(u64, u64)>, _>("no source")
            };
            let got = cache.get_or_try_compute_many([1, 2], key_of, MINUTE, compute);
            got.await.map(drop)
        })
    };
    settle().await;
    let other = {
        let (cache, calls) = (cache.clone(), calls.clone());
        tokio::spawn(async move { calls.doubles(&cache, [2, 3]).await })
    };
    settle().await;
    gate.let_go(1);
    assert_eq!(first.await.unwrap(), Err("no source"));
    assert_eq!(other.await.unwrap(), [(2, 4), (3, 6)].into());
    assert_eq!(calls.all(), [[3], [2]]);
}

#[tokio::test]
async fn a_key_that_is_invalidated_while_it_is_computed_is_stored_nowhere_and_the_others_are() {
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let batch = {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
        tokio::spawn(async move { calls.doubles_at(&gate, &cache, 0..4).await })
    };
    settle().await;
    cache.delete("double:2").await.unwrap();
    // Who comes now does not wait for what was begun before.
    assert_eq!(calls.doubles(&cache, [2]).await.len(), 1);
    cache.delete("double:2").await.unwrap();
    gate.let_go(1);
    assert_eq!(batch.await.unwrap().len(), 4);
    let keys = (0..4).map(|id| key_of(&id));
    let stored = cache.get_many::<u64>(keys).await.unwrap();
    assert_eq!(stored, [Some(0), Some(2), None, Some(6)]);
}

#[test]
fn when_the_lease_ends_one_of_those_who_wait_computes() {
    within(Duration::from_secs(20), || {
        let clock = Clock::manual();
        let memory = MemoryBackend::builder().clock(clock.clone());
        let builder = Cache::builder().clock(clock.clone());
        let cache = builder.layer(memory.build().unwrap()).build().unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        let (cache, runs) = (&cache.blocking(), &runs);
        std::thread::scope(|scope| {
            let (held, release) = std::sync::mpsc::channel::<()>();
            scope.spawn(move || {
                cache.get_or_compute_many([1, 2], key_of, MINUTE, |missing| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    release.recv().unwrap();
                    doubled(&missing)
                })
            });
            eventually(|| runs.load(Ordering::SeqCst) == 1);
            let waiting = scope.spawn(move || {
                cache.get_or_compute_many([2, 3], key_of, MINUTE, |missing| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    doubled(&missing)
                })
            });
            eventually(|| runs.load(Ordering::SeqCst) == 2);
            eventually(|| {
                clock.advance(Duration::from_secs(1));
                waiting.is_finished()
            });
            assert_eq!(waiting.join().unwrap(), [(2, 4), (3, 6)].into());
            assert_eq!(runs.load(Ordering::SeqCst), 3);
            held.send(()).unwrap();
        });
    });
}
