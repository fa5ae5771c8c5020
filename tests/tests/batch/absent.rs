//! Ids that the computation does not bring.

use std::collections::HashMap;
use std::time::Duration;

use cachestack::{Cache, Clock, EntryOptions, FileBackend, MemoryBackend};

use super::{Calls, Gate, MINUTE, cache, in_flight, key_of, settle};

/// Halves of the even ids.
async fn halves(cache: &Cache, calls: &Calls, options: EntryOptions) -> HashMap<u64, u64> {
    let compute = async |missing: Vec<u64>| {
        calls.note(&missing);
        let even = missing.into_iter().filter(|id| id % 2 == 0);
        even.map(|id| (id, id / 2)).collect::<Vec<_>>()
    };
    cache
        .get_or_compute_many([1, 2], key_of, options, compute)
        .await
}

fn kept() -> EntryOptions {
    EntryOptions::new().ttl(MINUTE).none_ttl(MINUTE / 2)
}

#[tokio::test]
async fn an_id_that_is_not_brought_is_not_in_the_result_nor_in_the_cache() {
    let (cache, calls) = (cache(), Calls::default());
    for _ in 0..2 {
        assert_eq!(
            halves(&cache, &calls, MINUTE.into()).await,
            HashMap::from([(2, 1)])
        );
    }
    assert_eq!(calls.all(), [vec![1, 2], vec![1]]);
    assert!(!cache.exists("double:1").await.unwrap());
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn absence_is_kept_for_its_own_time() {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let builder = Cache::builder().clock(clock.clone());
    let cache = builder.layer(memory.build().unwrap()).build().unwrap();
    let calls = Calls::default();
    for _ in 0..2 {
        assert_eq!(
            halves(&cache, &calls, kept()).await,
            HashMap::from([(2, 1)])
        );
    }
    assert_eq!(calls.all(), [[1, 2]]);
    clock.advance(MINUTE / 2);
    halves(&cache, &calls, kept()).await;
    assert_eq!(calls.all(), [vec![1, 2], vec![1]]);
}

#[tokio::test]
async fn a_none_ttl_of_zero_keeps_no_absence() {
    let (cache, calls) = (cache(), Calls::default());
    for _ in 0..2 {
        halves(&cache, &calls, kept().none_ttl(Duration::ZERO)).await;
    }
    assert_eq!(calls.all(), [vec![1, 2], vec![1]]);
}

#[tokio::test]
async fn a_store_of_bytes_keeps_absence_through_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let memory = MemoryBackend::builder().max_entries(10).build().unwrap();
        let file = FileBackend::builder(folder.path()).build().unwrap();
        Cache::builder().layer(memory).layer(file).build().unwrap()
    };
    let calls = Calls::default();
    for _ in 0..2 {
        let cache = open();
        assert_eq!(
            halves(&cache, &calls, kept()).await,
            HashMap::from([(2, 1)])
        );
        assert_eq!(
            halves(&cache, &calls, kept()).await,
            HashMap::from([(2, 1)])
        );
        cache.close().await.unwrap();
    }
    assert_eq!(calls.all(), [[1, 2]]);
    let cache = open();
    assert_eq!(cache.get::<u64>("double:1").await.unwrap(), None);
    assert_eq!(cache.get::<u64>("double:2").await.unwrap(), Some(1));
    cache.delete("double:1").await.unwrap();
    halves(&cache, &calls, kept()).await;
    assert_eq!(calls.many(), 2);
}

#[tokio::test]
async fn to_a_single_call_absence_is_no_answer_and_what_it_computes_replaces_it() {
    let (cache, calls) = (cache(), Calls::default());
    halves(&cache, &calls, kept()).await;
    let one: u64 = cache
        .get_or_compute("double:1", None, || async { 77 })
        .await;
    assert_eq!(one, 77);
    assert_eq!(
        halves(&cache, &calls, kept()).await,
        HashMap::from([(1, 77), (2, 1)])
    );
    assert_eq!(calls.many(), 1);
}

#[tokio::test]
async fn other_batches_that_wait_for_it_learn_that_it_is_absent() {
    for none_ttl in [None, Some(MINUTE)] {
        let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
        let batch = || {
            let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
            tokio::spawn(async move {
                let compute = async |missing: Vec<u64>| {
                    calls.note(&missing);
                    gate.pass().await;
                    Vec::<(u64, u64)>::new()
                };
                let mut options = EntryOptions::new();
                options.none_ttl = none_ttl;
                cache
                    .get_or_compute_many([1, 2], key_of, options, compute)
                    .await
            })
        };
        let batches: Vec<_> = (0..10).map(|_| batch()).collect();
        settle().await;
        gate.let_go(1);
        for batch in batches {
            assert_eq!(batch.await.unwrap(), HashMap::new());
        }
        assert_eq!((calls.many(), in_flight(&cache).await), (1, 0));
    }
}

#[tokio::test]
async fn of_single_calls_that_wait_for_what_is_absent_one_computes() {
    for none_ttl in [None, Some(MINUTE)] {
        let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
        let batch = {
            let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
            tokio::spawn(async move {
                let compute = async |_: Vec<u64>| {
                    gate.pass().await;
                    calls.note(&[]);
                    Vec::<(u64, u64)>::new()
                };
                let mut options = EntryOptions::new();
                options.none_ttl = none_ttl;
                cache
                    .get_or_compute_many([1], key_of, options, compute)
                    .await
            })
        };
        settle().await;
        let single = || {
            let (cache, calls) = (cache.clone(), calls.clone());
            tokio::spawn(async move {
                let compute = move || async move {
                    calls.note(&[1]);
                    settle().await;
                    5_u64
                };
                cache.get_or_compute("double:1", None, compute).await
            })
        };
        let singles: Vec<_> = (0..20).map(|_| single()).collect();
        settle().await;
        gate.let_go(1);
        assert_eq!(batch.await.unwrap(), HashMap::new());
        for single in singles {
            assert_eq!(single.await.unwrap(), 5);
        }
        assert_eq!(calls.all(), [vec![], vec![1]]);
        assert_eq!(in_flight(&cache).await, 0);
    }
}
