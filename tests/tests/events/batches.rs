//! Calls of several ids: what became of each id is told once, with its key, and counted.

mod unstored;

use std::collections::HashMap;
use std::time::Duration;

use cachestack::{Cache, Clock, FunctionStats, KeyText, MemoryBackend, Outcome, cached, key};
use cachestack_tests::Shelf;

use super::{Heard, Told, give_way, heard};

const SECOND: Duration = Duration::from_secs(1);

fn key_of(id: &u64) -> KeyText {
    key!("double:{id}")
}

fn doubled(ids: Vec<u64>) -> Vec<(u64, u64)> {
    ids.into_iter().map(|id| (id, id * 2)).collect()
}

/// What was told of each key, in the order of the keys and of the telling.
fn by_key(told: &[Told]) -> Vec<(&str, Outcome)> {
    let mut all: Vec<_> = told
        .iter()
        .map(|it| (it.key.as_deref().unwrap_or_default(), it.outcome))
        .collect();
    all.sort_by_key(|(key, _)| *key);
    all
}

/// Fails unless a function counted what was told of it.
fn assert_agree(stats: &FunctionStats, told: &[Told]) {
    let told_as = |outcomes: &[Outcome]| {
        let those = told.iter().filter(|it| outcomes.contains(&it.outcome));
        those.count() as u64
    };
    let told_of = [
        told_as(&[Outcome::Hit]),
        told_as(&[Outcome::Computed, Outcome::Failed]),
        told_as(&[Outcome::Failed]),
        told_as(&[Outcome::Coalesced]),
        told_as(&[Outcome::Refused]),
        told_as(&[Outcome::Fenced]),
        told_as(&[Outcome::FailedOpen]),
        told_as(&[Outcome::Refreshed]),
        told_as(&[Outcome::Bypassed]),
        told_as(&[Outcome::Uncached]),
    ];
    let counted = [
        stats.hits,
        stats.computed,
        stats.failed,
        stats.coalesced,
        stats.refused,
        stats.fenced,
        stats.failed_open,
        stats.refreshed,
        stats.bypassed,
        stats.uncached,
    ];
    assert_eq!(counted, told_of, "{stats} of {told:?}");
}

#[tokio::test]
async fn each_id_is_a_hit_of_its_layer_or_computed_in_the_time_of_the_body() {
    #[cached(each = ids, key = "double:{ids}")]
    async fn doubles(ids: &[u64], #[cached(skip)] clock: &Clock) -> HashMap<u64, u64> {
        clock.advance(3 * SECOND);
        doubled(ids.to_vec()).into_iter().collect()
    }

    let (heard, shelf, clock) = (Heard::default(), Shelf::new(), Clock::manual());
    Cache::from(shelf.clone())
        .set("double:2", 4_u64, None)
        .await
        .unwrap();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let builder = Cache::builder().clock(clock.clone());
    let builder = builder.layer(memory.build().unwrap());
    let cache = heard.of(builder.layer(shelf));
    cache.scope(doubles(&[1], &clock)).await;
    heard.take();
    let got = cache.scope(doubles(&[1, 2, 3, 4, 1], &clock)).await;
    assert_eq!(got.len(), 4);
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("double:1", Outcome::Hit),
            ("double:2", Outcome::Hit),
            ("double:3", Outcome::Computed),
            ("double:4", Outcome::Computed),
        ]
    );
    let layer = |name: &str| {
        let told = told.iter().find(|it| it.key.as_deref() == Some(name));
        told.unwrap().layer.clone()
    };
    assert_eq!(layer("double:1"), Some((0, String::from("memory"))));
    assert_eq!(layer("double:2"), Some((1, String::from("shelf"))));
    for told in &told {
        assert!(told.function.as_deref().unwrap().ends_with("::doubles"));
        let took = (told.outcome == Outcome::Computed).then_some(3 * SECOND);
        assert_eq!((told.took, told.layer.is_none()), (took, took.is_some()));
    }
    let stats = doubles::entries().stats();
    assert_eq!((stats.hits_by_layer, stats.computed), (vec![1, 1], 3));
    // The body was called twice.
    assert_eq!(stats.computing.count, 2);
    assert_eq!(cache.stats().await.unwrap().computed, 3);
}

#[tokio::test]
async fn a_batch_by_hand_tells_the_same_without_a_function() {
    let (cache, heard) = heard();
    cache.set("double:1", 2_u64, None).await.unwrap();
    let compute = |missing| async { doubled(missing) };
    let got = cache.get_or_compute_many([1, 2], key_of, None, compute);
    assert_eq!(got.await.len(), 2);
    let sync = cache.blocking();
    let failed = sync.get_or_try_compute_many([2, 3], key_of, None, |_| {
        Err::<Vec<(u64, u64)>, _>("no source")
    });
    assert_eq!(failed, Err("no source"));
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("double:1", Outcome::Hit),
            ("double:2", Outcome::Computed),
            ("double:2", Outcome::Hit),
            ("double:3", Outcome::Failed),
        ]
    );
    assert!(told.iter().all(|told| told.function.is_none()));
    let stats = sync.stats().unwrap();
    assert_eq!((stats.computed, stats.failed, stats.stack.hits), (2, 1, 2));
}

#[tokio::test]
async fn an_id_that_another_call_computes_is_coalesced() {
    #[cached(each = ids, key = "double:{ids}")]
    async fn doubles(ids: &[u64]) -> Vec<u64> {
        give_way().await;
        ids.iter().map(|id| id * 2).collect()
    }

    let (cache, heard) = heard();
    let both = async { tokio::join!(doubles(&[1, 2]), doubles(&[3, 2])) };
    assert_eq!(cache.scope(both).await, (vec![2, 4], vec![6, 4]));
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("double:1", Outcome::Computed),
            ("double:2", Outcome::Computed),
            ("double:2", Outcome::Coalesced),
            ("double:3", Outcome::Computed),
        ]
    );
    assert_agree(&doubles::entries().stats(), &told);
    assert_eq!(cache.stats().await.unwrap().coalesced, 1);
}

#[tokio::test]
async fn an_error_is_told_of_each_id_it_was_asked_for_and_of_each_that_shares_it() {
    #[cached(each = ids, key = "double:{ids}")]
    async fn doubles(ids: &[u64]) -> Result<Vec<u64>, String> {
        give_way().await;
        Err(format!("no {ids:?}"))
    }

    let (cache, heard) = heard();
    let both = async { tokio::join!(doubles(&[1, 2]), doubles(&[2])) };
    let no = || Err(String::from("no [1, 2]"));
    assert_eq!(cache.scope(both).await, (no(), no()));
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("double:1", Outcome::Failed),
            ("double:2", Outcome::Failed),
            ("double:2", Outcome::Coalesced),
        ]
    );
    let failed = told.iter().filter(|it| it.outcome == Outcome::Failed);
    assert!(failed.clone().all(|it| it.took.is_some()));
    let stats = doubles::entries().stats();
    assert_agree(&stats, &told);
    assert_eq!(stats.computing.count, 1);
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.failed), (2, 2));
}

#[tokio::test]
async fn an_id_of_which_another_functions_call_failed_is_computed() {
    #[cached(key = "double:{id}")]
    async fn text(id: u64) -> Result<u64, String> {
        give_way().await;
        Err(id.to_string())
    }
    #[cached(each = ids, key = "double:{ids}")]
    async fn doubles(ids: &[u64]) -> Result<Vec<u64>, u8> {
        Ok(ids.iter().map(|id| id * 2).collect())
    }

    let (cache, heard) = heard();
    let both = async { tokio::join!(text(1), doubles(&[1, 2])) };
    assert_eq!(
        cache.scope(both).await,
        (Err(String::from("1")), Ok(vec![2, 4]))
    );
    let mut told = heard.take();
    told.retain(|it| it.function.as_deref().unwrap().ends_with("::doubles"));
    assert_eq!(
        by_key(&told),
        [
            ("double:1", Outcome::Computed),
            ("double:2", Outcome::Computed)
        ]
    );
    assert_agree(&doubles::entries().stats(), &told);
}

#[tokio::test]
async fn an_id_that_has_a_value_of_another_type_is_computed() {
    #[cached(each = ids, key = "double:{ids}")]
    async fn doubles(ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id * 2).collect()
    }

    let (cache, heard) = heard();
    cache
        .set("double:1", String::from("two"), None)
        .await
        .unwrap();
    assert_eq!(cache.scope(doubles(&[1])).await, [2]);
    assert_eq!(cache.scope(doubles(&[1])).await, [2]);
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [("double:1", Outcome::Computed), ("double:1", Outcome::Hit)]
    );
    assert_agree(&doubles::entries().stats(), &told);
}

#[tokio::test]
async fn every_id_has_an_end_when_values_cannot_be_told_apart() {
    #[cached(key = "odd:{id}")]
    async fn one(id: u64) -> u64 {
        give_way().await;
        id
    }
    #[cached(each = ids, key = "odd:{ids}")]
    async fn odd(ids: &[u64]) -> Vec<u64> {
        ids.iter().copied().filter(|id| id % 2 == 1).collect()
    }

    let (cache, heard) = heard();
    cache.scope(one(1)).await;
    heard.take();
    // One is there, two are missing, and of the last another call has the lead.
    let both = async { tokio::join!(one(7), odd(&[1, 4, 5, 7])) };
    assert_eq!(cache.scope(both).await, (7, vec![1, 5, 7]));
    let mut told = heard.take();
    told.retain(|it| it.function.as_deref().unwrap().ends_with("::odd"));
    assert_eq!(
        by_key(&told),
        [
            ("odd:1", Outcome::Hit),
            ("odd:4", Outcome::Computed),
            ("odd:5", Outcome::Computed),
            ("odd:7", Outcome::Computed),
        ]
    );
    assert_agree(&odd::entries().stats(), &told);
}

#[tokio::test]
async fn without_a_cache_each_id_is_uncached_or_bypassed() {
    #[cached(each = ids, bypass = ids.len() > 2)]
    async fn doubles(ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id * 2).collect()
    }

    let (cache, heard) = heard();
    cache.scope(doubles(&[1, 2, 3])).await;
    let mut all = heard.take();
    assert_eq!(by_key(&all), [("", Outcome::Bypassed); 3]);
    cache.close().await.unwrap();
    cache.scope(doubles(&[1, 2])).await;
    cache.scope(doubles::refresh(&[3])).await;
    let told = heard.take();
    let uncached = told.iter().filter(|it| it.outcome == Outcome::Uncached);
    assert!(uncached.clone().all(|it| it.key.is_some()));
    assert_eq!((uncached.count(), told.len()), (3, 4));
    all.extend(told);
    assert_agree(&doubles::entries().stats(), &all);
    assert_eq!(doubles::entries().stats().computed, 0);
}

#[tokio::test]
async fn a_refresh_is_told_of_each_id() {
    #[cached(each = ids, key = "double:{ids}")]
    async fn doubles(ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id * 2).collect()
    }

    let (cache, heard) = heard();
    cache.scope(doubles(&[1])).await;
    cache.scope(doubles::refresh(&[1, 2])).await;
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("double:1", Outcome::Computed),
            ("double:1", Outcome::Refreshed),
            ("double:1", Outcome::Computed),
            ("double:2", Outcome::Refreshed),
            ("double:2", Outcome::Computed),
        ]
    );
    assert_agree(&doubles::entries().stats(), &told);
}

#[test]
fn ids_whose_computation_panics_are_counted_and_tell_nothing() {
    #[cached(each = ids)]
    fn panics(ids: &[u64]) -> Vec<u64> {
        panic!("as this test wants, of {ids:?}")
    }

    let (cache, heard) = heard();
    let run = std::panic::AssertUnwindSafe(|| cache.sync_scope(|| panics(&[1, 2])));
    std::panic::catch_unwind(run).unwrap_err();
    assert_eq!(heard.outcomes(), []);
    let stats = panics::entries().stats();
    assert_eq!((stats.computed, stats.computing.count), (2, 0));
}
