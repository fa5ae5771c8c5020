//! Reading, writing and deleting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{Cache, EntryOptions, ErrorKind, MemoryBackend};

use super::{MINUTE, cache, with_clock};

#[tokio::test]
async fn what_is_set_is_there_until_it_is_deleted() {
    let cache = cache();
    assert_eq!(cache.get::<u32>("k").await.unwrap(), None);
    assert!(!cache.exists("k").await.unwrap());
    cache.set("k", 1_u32, None).await.unwrap();
    cache.set("k", 2_u32, None).await.unwrap();
    assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(2));
    assert!(cache.exists("k").await.unwrap());
    cache.delete("k").await.unwrap();
    cache.delete("k").await.unwrap();
    assert_eq!(cache.get::<u32>("k").await.unwrap(), None);
    assert!(!cache.exists("k").await.unwrap());
}

#[tokio::test]
async fn a_value_of_another_type_is_none_and_stays() {
    let cache = cache();
    cache.set("k", 1_u32, None).await.unwrap();
    assert_eq!(cache.get::<String>("k").await.unwrap(), None);
    assert_eq!(cache.get::<u64>("k").await.unwrap(), None);
    let many = cache.get_many::<String>(["k"]).await.unwrap();
    assert_eq!(many, [None]);
    assert!(cache.exists("k").await.unwrap());
    assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_stored_none_is_found() {
    let cache = cache();
    cache.set("k", None::<u32>, None).await.unwrap();
    assert_eq!(cache.get::<Option<u32>>("k").await.unwrap(), Some(None));
}

#[tokio::test]
async fn any_text_is_a_key() {
    let cache = cache();
    let long = "x".repeat(10_000);
    let keys = ["", " ", "a\nb", "a\0b", "/", "%", "ключ", &long];
    for (value, key) in keys.iter().enumerate() {
        cache.set(key, value, None).await.unwrap();
    }
    let found = cache.get_many::<usize>(keys).await.unwrap();
    assert_eq!(found, (0..keys.len()).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn many_are_answered_in_the_order_they_are_asked() {
    let cache = cache();
    let entries = [("a", 1), ("b", 2), ("c", 3), ("b", 4)];
    cache.set_many(entries, MINUTE).await.unwrap();
    let found = cache.get_many::<i32>(["c", "x", "a", "c", "b"]);
    let expected = [Some(3), None, Some(1), Some(3), Some(4)];
    assert_eq!(found.await.unwrap(), expected);
    cache.delete_many(["a", "x", "c", "a"]).await.unwrap();
    let found = cache.get_many::<i32>(["a", "b", "c"]);
    assert_eq!(found.await.unwrap(), [None, Some(4), None]);
}

#[tokio::test]
async fn of_no_keys_there_is_nothing() {
    let (cache, none) = (cache(), std::iter::empty::<&str>);
    assert_eq!(cache.get_many::<i32>(none()).await.unwrap(), []);
    cache.delete_many(none()).await.unwrap();
    let entries = std::iter::empty::<(&str, i32)>();
    cache.set_many(entries, None).await.unwrap();
}

#[tokio::test]
async fn an_entry_ends_with_its_ttl() {
    let (cache, clock) = with_clock();
    cache.set("a", 1, MINUTE).await.unwrap();
    cache.set("b", 2, EntryOptions::new()).await.unwrap();
    let half = MINUTE / 2;
    clock.advance(half);
    let found = cache.get_with_ttl::<i32>("a").await.unwrap();
    assert_eq!(found, Some((1, Some(half))));
    assert_eq!(
        cache.get_with_ttl::<i32>("b").await.unwrap(),
        Some((2, None))
    );
    assert_eq!(cache.get_with_ttl::<String>("a").await.unwrap(), None);
    assert_eq!(cache.get_with_ttl::<i32>("x").await.unwrap(), None);
    clock.advance(half);
    assert_eq!(cache.get::<i32>("a").await.unwrap(), None);
    assert!(!cache.exists("a").await.unwrap());
    assert_eq!(cache.get::<i32>("b").await.unwrap(), Some(2));
}

#[tokio::test]
async fn a_ttl_of_zero_is_an_error_and_leaves_what_is_there() {
    let cache = cache();
    cache.set("k", 1, None).await.unwrap();
    let error = cache.set("k", 2, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let many = [("k", 2), ("l", 2)];
    let error = cache.set_many(many, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(1));
    assert_eq!(cache.get::<i32>("l").await.unwrap(), None);
}

#[tokio::test]
async fn a_ttl_without_measure_lives_on() {
    let (cache, clock) = with_clock();
    cache.set("k", 1, Duration::MAX).await.unwrap();
    clock.advance(Duration::from_secs(3_153_600_000));
    assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(1));
}

#[tokio::test]
async fn get_or_compute_computes_once_and_keeps_only_what_succeeds() {
    let cache = cache();
    let runs = AtomicUsize::new(0);
    let count = || async { runs.fetch_add(1, Ordering::SeqCst) + 1 };
    assert_eq!(cache.get_or_compute("k", MINUTE, count).await, 1);
    assert_eq!(cache.get_or_compute("k", MINUTE, count).await, 1);

    let fail = || async { Err::<usize, _>("no") };
    let failed = cache.get_or_try_compute("t", None, fail).await;
    assert_eq!(failed, Err("no"));
    let succeed = || async { Ok::<usize, &str>(7) };
    let found = cache.get_or_try_compute("t", None, succeed).await;
    assert_eq!(found, Ok(7));
    let found = cache.get_or_try_compute("t", None, fail).await;
    assert_eq!(found, Ok(7));
}

#[tokio::test]
async fn get_or_compute_with_a_ttl_of_zero_stores_nothing() {
    let cache = cache();
    for run in 1..=3 {
        let value = cache.get_or_compute("k", Duration::ZERO, || async { run });
        assert_eq!(value.await, run);
    }
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.refused), (3, 3));
}

#[tokio::test]
async fn clear_and_purge_touch_their_own_namespace_alone() {
    let clock = cachestack::Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let memory = memory.build().unwrap();
    let names = ["shop", "shop2", "shop:eu", ""];
    let caches = names.map(|name| {
        let cache = Cache::builder().namespace(name).layer(memory.clone());
        cache.clock(clock.clone()).build().unwrap()
    });
    for (value, cache) in caches.iter().enumerate() {
        cache.set("k", value, None).await.unwrap();
        cache.set("short", value, MINUTE).await.unwrap();
    }
    for (value, cache) in caches.iter().enumerate() {
        assert_eq!(cache.get::<usize>("k").await.unwrap(), Some(value));
    }
    clock.advance(MINUTE);
    assert_eq!(memory.len(), 8);
    assert_eq!(caches[0].purge_expired().await.unwrap(), 1);
    assert_eq!(memory.len(), 7);
    caches[0].clear().await.unwrap();
    assert_eq!(caches[0].get::<usize>("k").await.unwrap(), None);
    for (value, cache) in caches.iter().enumerate().skip(1) {
        assert_eq!(cache.get::<usize>("k").await.unwrap(), Some(value));
    }
}

#[tokio::test]
async fn two_caches_with_one_namespace_on_one_backend_share_entries() {
    let memory = MemoryBackend::default();
    let [one, two] = [(), ()].map(|()| Cache::from(memory.clone()));
    one.set("k", 1, None).await.unwrap();
    assert_eq!(two.get::<i32>("k").await.unwrap(), Some(1));
    two.delete("k").await.unwrap();
    assert_eq!(one.get::<i32>("k").await.unwrap(), None);
}

#[tokio::test]
async fn an_invalidation_by_another_cache_on_one_backend_wins_too() {
    let memory = MemoryBackend::default();
    let [one, two] = [(), ()].map(|()| Cache::from(memory.clone()));
    let compute = || async {
        two.delete("k").await.unwrap();
        1
    };
    assert_eq!(one.get_or_compute("k", None, compute).await, 1);
    assert_eq!(one.get::<i32>("k").await.unwrap(), None);
}
