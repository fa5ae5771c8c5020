//! What is not stored: refused, absent, fenced off, or not taken by any layer.

use std::collections::HashMap;
use std::time::Duration;

use cachestack::{Cache, EntryOptions, MemoryBackend, Outcome, cached};
use cachestack_tests::Shelf;

use super::super::{Heard, heard};
use super::{SECOND, assert_agree, by_key, key_of};

#[tokio::test]
async fn a_value_that_is_not_kept_is_refused_and_one_that_is_absent_is_not() {
    #[cached(each = ids, key = "map:{ids}", condition = |v| *v != 2, ttl = |v| Duration::from_secs(*v - 4))]
    async fn mapped(ids: &[u64]) -> HashMap<u64, u64> {
        let known = ids.iter().filter(|id| **id < 5);
        known.map(|id| (*id, id * 2)).collect()
    }
    #[cached(each = ids, key = "half:{ids}", none_ttl = Duration::ZERO)]
    async fn halves(ids: &[u64]) -> Vec<Option<u64>> {
        ids.iter()
            .map(|id| (id % 2 == 0).then_some(id / 2))
            .collect()
    }

    let (cache, heard) = heard();
    cache.scope(mapped(&[1, 2, 3, 5])).await;
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("map:1", Outcome::Computed),
            ("map:1", Outcome::Refused),
            ("map:2", Outcome::Computed),
            ("map:2", Outcome::Refused),
            ("map:3", Outcome::Computed),
            ("map:5", Outcome::Computed),
        ]
    );
    assert_agree(&mapped::entries().stats(), &told);

    cache.scope(halves(&[1, 2])).await;
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("half:1", Outcome::Computed),
            ("half:1", Outcome::Refused),
            ("half:2", Outcome::Computed),
        ]
    );
    assert_agree(&halves::entries().stats(), &told);
}

#[tokio::test]
async fn that_there_is_nothing_is_a_hit_where_it_is_kept() {
    let (cache, heard) = heard();
    let options = || EntryOptions::new().none_ttl(SECOND);
    for outcome in [Outcome::Computed, Outcome::Hit] {
        let nothing = async |_: Vec<u64>| Vec::<(u64, u64)>::new();
        let got = cache.get_or_compute_many([1, 2], key_of, options(), nothing);
        assert_eq!(got.await.len(), 0);
        assert_eq!(heard.outcomes(), [outcome; 2]);
    }
}

#[tokio::test]
async fn an_id_that_is_invalidated_meanwhile_is_fenced_off_under_its_key() {
    #[cached(each = ids, key = "double:{ids}")]
    async fn doubles(ids: &[u64]) -> Vec<u64> {
        doubles::entry(2).invalidate().await.unwrap();
        doubles::entry(4).invalidate().await.unwrap();
        ids.iter().map(|id| id * 2).collect()
    }

    let stores = [
        Cache::builder(),
        Cache::builder()
            .layer(MemoryBackend::default())
            .layer(Shelf::new()),
    ];
    let mut all = Vec::new();
    for builder in stores {
        let heard = Heard::default();
        let cache = heard.of(builder);
        cache.scope(doubles(&[1, 2, 3, 4])).await;
        let told = heard.take();
        let fenced = told.iter().filter(|it| it.outcome == Outcome::Fenced);
        let mut keys: Vec<_> = fenced.map(|it| it.key.as_deref().unwrap()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["double:2", "double:4"]);
        let stats = cache.stats().await.unwrap();
        assert_eq!((stats.fenced, stats.stack.fenced), (2, 2));
        all.extend(told);
    }
    assert_agree(&doubles::entries().stats(), &all);
}

#[tokio::test]
async fn what_depends_on_a_tag_that_was_invalidated_meanwhile_is_fenced_off() {
    #[cached(each = ids, key = "double:{ids}", tags = ["parity:{ids}"])]
    async fn doubles(ids: &[u64], #[cached(skip)] cache: &Cache) -> Vec<u64> {
        cache.invalidate_tag("parity:3").await.unwrap();
        ids.iter().map(|id| id * 2).collect()
    }

    let (cache, heard) = heard();
    cache.scope(doubles(&[2, 3], &cache)).await;
    let told = heard.take();
    assert_eq!(
        by_key(&told),
        [
            ("double:2", Outcome::Computed),
            ("double:3", Outcome::Computed),
            ("double:3", Outcome::Fenced),
        ]
    );
    assert_agree(&doubles::entries().stats(), &told);
}

#[tokio::test]
async fn layers_that_fail_fail_open_once_for_all_ids() {
    #[cached(each = ids)]
    async fn doubles(ids: &[u64]) -> Vec<u64> {
        ids.iter().map(|id| id * 2).collect()
    }

    let (heard, shelf) = (Heard::default(), Shelf::new());
    let cache = heard.of(Cache::builder().layer(shelf.clone()));
    shelf.set_broken(true);
    assert_eq!(cache.scope(doubles(&[1, 2])).await, [2, 4]);
    let told = heard.take();
    assert_eq!(told[0].outcome, Outcome::FailedOpen);
    let computed = told.iter().filter(|it| it.outcome == Outcome::Computed);
    assert_eq!(computed.count(), 2);
    assert_agree(&doubles::entries().stats(), &told);
}
