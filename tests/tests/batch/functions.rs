//! Cached functions of several ids.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{Cache, cached, invalidate, key};

use super::{Calls, Gate, cache, doubled, settle};

#[derive(Debug, Clone, PartialEq)]
struct Broken;

#[tokio::test]
async fn a_map_holds_what_is_there_and_what_the_body_makes_of_the_missing_ids() {
    #[cached(each = ids, ttl = 60)]
    async fn named(ids: &[u64], lang: &str, #[cached(skip)] calls: &Calls) -> HashMap<u64, String> {
        calls.note(ids);
        ids.iter().map(|id| (*id, format!("{lang}{id}"))).collect()
    }
    let calls = Calls::default();
    cache()
        .scope(async {
            assert_eq!(named(&[1, 2], "en", &calls).await[&2], "en2");
            let again = named(&[2, 3, 2], "en", &calls).await;
            assert_eq!(again, HashMap::from([(2, "en2".into()), (3, "en3".into())]));
            assert_eq!(named(&[2], "de", &calls).await[&2], "de2");
            assert_eq!(calls.all(), [vec![1, 2], vec![3], vec![2]]);
            named::entry(2, "en").invalidate().await.unwrap();
            assert_eq!(
                named::entry(3, "en").get().await.unwrap().as_deref(),
                Some("en3")
            );
            named::entry(4, "en")
                .put(String::from("four"))
                .await
                .unwrap();
            assert_eq!(named(&[2, 4], "en", &calls).await[&4], "four");
            assert_eq!(calls.all()[3..], [vec![2]]);
            named::entries().invalidate().await.unwrap();
            assert_eq!(named::refresh(&[2], "en", &calls).await.len(), 1);
            assert_eq!(named::refresh(&[2], "en", &calls).await.len(), 1);
            named(&[2, 3], "en", &calls).await;
            assert_eq!(calls.all()[4..], [vec![2], vec![2], vec![3]]);
        })
        .await;
    let stats = named::entries().stats();
    assert_eq!((stats.computed, stats.refreshed), (8, 2));
}

#[test]
fn a_sync_function_returns_its_values_in_order() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached(each = ids)]
    fn squares(ids: &[u64]) -> Vec<u64> {
        RUNS.fetch_add(ids.len(), Ordering::SeqCst);
        ids.iter().map(|id| id * id).collect()
    }
    cache().sync_scope(|| {
        assert_eq!(squares(&[3, 1, 2]), [9, 1, 4]);
        assert_eq!(squares(&[5, 3, 5, 1]), [25, 9, 25, 1]);
        assert_eq!(squares(&[]), [0; 0]);
        assert_eq!(RUNS.load(Ordering::SeqCst), 4);
        assert_eq!(squares::entry(5).blocking().get().unwrap(), Some(25));
    });
}

#[tokio::test]
async fn a_result_is_kept_by_its_ok_and_its_error_is_shared() {
    #[cached(each = ids)]
    async fn checked(
        ids: Vec<u64>,
        #[cached(skip)] calls: Calls,
        #[cached(skip)] gate: Gate,
    ) -> Result<BTreeMap<u64, u64>, Broken> {
        calls.note(&ids);
        gate.pass().await;
        match ids.contains(&13) {
            true => Err(Broken),
            false => Ok(doubled(&ids).into_iter().collect()),
        }
    }
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let call = |ids: Vec<u64>| {
        let called = checked(ids, calls.clone(), gate.clone());
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(called).await })
    };
    let failing = call(vec![1, 13]);
    settle().await;
    let waiting = call(vec![13]);
    settle().await;
    gate.let_go(1);
    assert_eq!(failing.await.unwrap(), Err(Broken));
    assert_eq!(waiting.await.unwrap(), Err(Broken));
    gate.let_go(1);
    let working = call(vec![1, 2]).await.unwrap().unwrap();
    assert_eq!(working.into_iter().collect::<Vec<_>>(), [(1, 2), (2, 4)]);
    assert_eq!(calls.all(), [[1, 13], [1, 2]]);
}

#[tokio::test]
async fn a_template_names_one_id_and_shares_its_entries_with_single_functions() {
    #[cached(each = ids, key = "user:{ids}:{lang}", tags = ["user:{ids}", "users"])]
    #[allow(clippy::ptr_arg, reason = "what the attribute takes")]
    async fn users(ids: &Vec<u64>, lang: &str) -> HashMap<u64, String> {
        ids.iter().map(|id| (*id, format!("{id}{lang}"))).collect()
    }
    #[cached(key = "user:{id}:{lang}")]
    async fn user(id: u64, lang: &str) -> String {
        format!("alone {id}{lang}")
    }
    let cache = cache();
    cache
        .scope(async {
            assert_eq!(user(1, "en").await, "alone 1en");
            assert_eq!(users(&vec![1, 2, 3], "en").await[&1], "alone 1en");
            assert_eq!(user(2, "en").await, "2en");
            assert_eq!(users::entry(2, "en").key().unwrap(), &*key!("user:{2}:en"));
            cache.invalidate_tag("user:2").await.unwrap();
            assert_eq!(user(2, "en").await, "alone 2en");
            assert_eq!(user(3, "en").await, "3en");
            cache.invalidate_tag("users").await.unwrap();
            assert_eq!(user(3, "en").await, "alone 3en");
        })
        .await;
}

#[tokio::test]
async fn a_mutation_invalidates_the_entry_of_one_id() {
    #[cached(each = ids)]
    async fn doubles(ids: &[u64], #[cached(skip)] calls: &Calls) -> HashMap<u64, u64> {
        calls.double(ids.to_vec()).await.into_iter().collect()
    }
    #[invalidate(doubles(id))]
    async fn change(id: u64) {}

    let calls = Calls::default();
    cache()
        .scope(async {
            doubles(&[1, 2, 3], &calls).await;
            change(2).await;
            doubles(&[1, 2, 3], &calls).await;
        })
        .await;
    assert_eq!(calls.all(), [vec![1, 2, 3], vec![2]]);
}

#[tokio::test]
async fn an_id_that_is_not_in_the_map_is_kept_as_absent_by_none_ttl() {
    #[cached(each = ids)]
    async fn forgotten(ids: &[u64], #[cached(skip)] calls: &Calls) -> HashMap<u64, u64> {
        calls.note(ids);
        HashMap::new()
    }
    #[cached(each = ids, none_ttl = 60)]
    async fn remembered(ids: &[u64], #[cached(skip)] calls: &Calls) -> HashMap<u64, u64> {
        calls.note(ids);
        HashMap::new()
    }
    let (some, other) = (Calls::default(), Calls::default());
    cache()
        .scope(async {
            for _ in 0..3 {
                assert!(forgotten(&[1, 2], &some).await.is_empty());
                assert!(remembered(&[1, 2], &other).await.is_empty());
            }
            assert_eq!(remembered::entry(1).get().await.unwrap(), None);
        })
        .await;
    assert_eq!((some.many(), other.many()), (3, 1));
}

#[tokio::test]
async fn in_a_vector_none_is_a_value_with_a_time_of_its_own() {
    #[cached(each = ids, ttl = 60, none_ttl = Duration::ZERO)]
    async fn halves(ids: &[u64], #[cached(skip)] calls: &Calls) -> Vec<Option<u64>> {
        calls.note(ids);
        let half = |id: &u64| (id % 2 == 0).then_some(id / 2);
        ids.iter().map(half).collect()
    }
    let calls = Calls::default();
    cache()
        .scope(async {
            for _ in 0..2 {
                assert_eq!(halves(&[1, 2, 3], &calls).await, [None, Some(1), None]);
            }
            assert_eq!(halves::entry(2).get().await.unwrap(), Some(Some(1)));
        })
        .await;
    assert_eq!(calls.all(), [vec![1, 2, 3], vec![1, 3]]);
}

#[tokio::test]
async fn the_condition_and_the_time_are_those_of_each_value() {
    #[cached(each = ids, condition = |v| v % 3 != 0, ttl = |v| Duration::from_secs(*v % 4))]
    async fn doubles(ids: &[u64], #[cached(skip)] calls: &Calls) -> HashMap<u64, u64> {
        calls.double(ids.to_vec()).await.into_iter().collect()
    }
    let calls = Calls::default();
    cache()
        .scope(async {
            for _ in 0..2 {
                assert_eq!(doubles(&[1, 2, 3, 5], &calls).await.len(), 4);
            }
        })
        .await;
    // The double of 2 has no time, and that of 3 is refused.
    assert_eq!(calls.all(), [vec![1, 2, 3, 5], vec![2, 3]]);
    assert_eq!(doubles::entries().stats().refused, 4);
}

#[tokio::test]
async fn a_vector_of_another_length_is_returned_as_a_plain_call_would_and_not_stored() {
    #[cached(each = ids)]
    async fn odd(ids: &[u64], #[cached(skip)] calls: &Calls) -> Vec<u64> {
        calls.note(ids);
        ids.iter().copied().filter(|id| id % 2 == 1).collect()
    }
    let calls = Calls::default();
    cache()
        .scope(async {
            assert_eq!(odd(&[1, 3], &calls).await, [1, 3]);
            assert_eq!(odd(&[4, 5], &calls).await, [5]);
            assert_eq!(odd(&[1, 4, 5], &calls).await, [1, 5]);
        })
        .await;
    assert_eq!(
        calls.all(),
        [vec![1, 3], vec![4, 5], vec![4, 5], vec![1, 4, 5]]
    );
}

#[tokio::test]
async fn a_bypassed_call_neither_reads_nor_writes_and_a_refreshing_one_computes_all() {
    #[cached(each = ids, bypass = ids.len() > 3, refresh = fresh)]
    async fn doubles(ids: &[u64], fresh: bool, #[cached(skip)] calls: &Calls) -> HashMap<u64, u64> {
        calls.double(ids.to_vec()).await.into_iter().collect()
    }
    let calls = Calls::default();
    cache()
        .scope(async {
            doubles(&[1, 2, 3, 4], false, &calls).await;
            doubles(&[1, 2], false, &calls).await;
            doubles(&[1, 2, 3], true, &calls).await;
            doubles(&[1, 2, 3], false, &calls).await;
        })
        .await;
    assert_eq!(calls.all(), [vec![1, 2, 3, 4], vec![1, 2], vec![1, 2, 3]]);
}

#[tokio::test]
async fn methods_have_batches_too() {
    struct Repo {
        tenant: String,
        calls: Calls,
    }

    impl Repo {
        #[cached(each = ids, skip(self))]
        async fn shared(&self, ids: &[u64]) -> HashMap<u64, u64> {
            self.calls.double(ids.to_vec()).await.into_iter().collect()
        }

        #[cached(each = ids, key = "{self.tenant}:{ids}")]
        fn own(&self, ids: &[u64]) -> Vec<String> {
            self.calls.note(ids);
            ids.iter()
                .map(|id| format!("{}{id}", self.tenant))
                .collect()
        }

        #[cached(each = ids, skip(self))]
        fn changing(&mut self, ids: &[u64]) -> Vec<u64> {
            self.tenant.push('!');
            ids.to_vec()
        }
    }
    let calls = Calls::default();
    let repo = |tenant: &str| Repo {
        tenant: tenant.to_owned(),
        calls: calls.clone(),
    };
    let (mut one, two) = (repo("one"), repo("two"));
    cache()
        .scope(async {
            assert_eq!(one.shared(&[1, 2]).await, two.shared(&[2, 1]).await);
            assert_eq!(one.own(&[1]), ["one1"]);
            assert_eq!(two.own(&[1]), ["two1"]);
            assert_eq!(one.own_entry(1).peek().as_deref(), Some("one1"));
            assert_eq!(
                (one.changing(&[1]), one.changing(&[1, 2])),
                (vec![1], vec![1, 2])
            );
        })
        .await;
    assert_eq!(calls.all(), [vec![1, 2], vec![1], vec![1]]);
    assert_eq!(one.tenant, "one!!");
}

#[tokio::test]
async fn ids_and_values_may_be_of_any_kind() {
    #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
    struct Place(String, u8);

    #[cached(each = names)]
    fn lengths(names: &[&str]) -> Vec<Arc<usize>> {
        names.iter().map(|name| Arc::new(name.len())).collect()
    }
    #[cached(each = places, local)]
    fn shown(places: &[Place], by: &String) -> HashMap<Place, Arc<AtomicUsize>> {
        let _ = by;
        places
            .iter()
            .map(|it| (it.clone(), Arc::default()))
            .collect()
    }
    #[cached(each = ids)]
    fn same<T>(ids: &[T]) -> Vec<T>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Clone + Send + Sync + 'static,
    {
        ids.to_vec()
    }
    cache().sync_scope(|| {
        assert_eq!(lengths(&["one", "three"]), [Arc::new(3), Arc::new(5)]);
        assert_eq!(lengths::entry("one").peek().as_deref(), Some(&3));
        let place = Place("Rome".into(), 1);
        let places = [place.clone()];
        let first = shown(&places, &String::new());
        let again = shown(&places, &String::new());
        assert!(Arc::ptr_eq(&first[&place], &again[&place]));
        assert_eq!(same(&[1_u8, 2]), [1, 2]);
        assert_eq!(same(&[1_u16, 2]), [1, 2]);
    });
}

#[tokio::test]
async fn a_given_cache_is_used() {
    struct Repo(Cache);

    impl Repo {
        #[cached(each = ids, cache = self.0, skip(self))]
        async fn doubles(&self, ids: &[u64]) -> HashMap<u64, u64> {
            doubled(ids).into_iter().collect()
        }
    }
    let repo = Repo(cache());
    repo.doubles(&[1, 2]).await;
    repo.doubles(&[1, 2, 3]).await;
    assert_eq!(repo.0.stats().await.unwrap().computed, 3);
}

#[tokio::test]
async fn overlapping_calls_share_what_they_compute() {
    #[cached(each = ids)]
    async fn slow(
        ids: Vec<u64>,
        #[cached(skip)] calls: Calls,
        #[cached(skip)] gate: Gate,
    ) -> Vec<u64> {
        calls.note(&ids);
        gate.pass().await;
        ids
    }
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let call = |ids: [u64; 3]| {
        let called = slow(ids.to_vec(), calls.clone(), gate.clone());
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(called).await })
    };
    let calls_of_both = [call([1, 2, 3]), call([4, 3, 2])];
    settle().await;
    gate.let_go(2);
    for (called, wanted) in calls_of_both.into_iter().zip([[1, 2, 3], [4, 3, 2]]) {
        assert_eq!(called.await.unwrap(), wanted);
    }
    assert_eq!(calls.all(), [vec![1, 2, 3], vec![4]]);
    assert_eq!(slow::entries().stats().coalesced, 2);
}
