//! The cache for sync code, wherever that runs.

use std::thread;
use std::time::Duration;

use cachestack::{BlockingCache, Cache, FileBackend, MemoryBackend, cached};
use cachestack_tests::{Shelf, within};

use super::MINUTE;

const LONG: Duration = Duration::from_secs(10);

/// Caches whose layers answer at once, take their time, and do file I/O.
fn caches() -> (tempfile::TempDir, [Cache; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let file = FileBackend::builder(folder.path()).build().unwrap();
    let stack = |builder: cachestack::CacheBuilder| builder.layer(MemoryBackend::default());
    let caches = [
        stack(Cache::builder()),
        stack(Cache::builder()).layer(Shelf::new()),
        stack(Cache::builder()).layer(file),
    ];
    (folder, caches.map(|builder| builder.build().unwrap()))
}

/// Every method once.
fn use_all(cache: &BlockingCache) {
    let text = String::from;
    cache.set("a", text("1"), MINUTE).unwrap();
    assert_eq!(cache.get::<String>("a").unwrap(), Some(text("1")));
    let (value, left) = cache.get_with_ttl::<String>("a").unwrap().unwrap();
    assert_eq!(value, "1");
    // A store that writes the end down may take it to the next full millisecond.
    assert!(left.unwrap() <= MINUTE + Duration::from_millis(1));
    assert!(cache.exists("a").unwrap());
    let entries = [("b", text("2")), ("c", text("3"))];
    cache.set_many(entries, None).unwrap();
    let found = cache.get_many::<String>(["c", "b"]).unwrap();
    assert_eq!(found, [Some(text("3")), Some(text("2"))]);
    cache.delete("b").unwrap();
    cache.delete_many(["c"]).unwrap();
    let found = cache.get_many::<String>(["b", "c"]).unwrap();
    assert_eq!(found, [None, None]);
    assert_eq!(cache.get_or_compute("d", None, || 4), 4);
    assert_eq!(cache.get_or_compute("d", None, || 5), 4);
    let failed = cache.get_or_try_compute("e", None, || Err::<i32, _>("no"));
    assert_eq!(failed, Err("no"));
    let done = cache.get_or_try_compute("e", None, || Ok::<_, &str>(6));
    assert_eq!(done, Ok(6));
    assert_eq!(cache.purge_expired().unwrap(), 0);
    cache.clear().unwrap();
    assert!(!cache.exists("a").unwrap());
    cache.flush().unwrap();
    assert!(cache.stats().unwrap().computed >= 3);
    assert!(!cache.cache().is_closed());
}

fn use_every_cache() {
    let (_folder, caches) = caches();
    for cache in &caches {
        use_all(&cache.blocking());
        cache.blocking().close().unwrap();
        assert!(cache.is_closed());
    }
}

#[test]
fn it_works_from_plain_threads() {
    within(LONG, || {
        let (_folder, caches) = caches();
        thread::scope(|scope| {
            for cache in &caches {
                scope.spawn(|| use_all(&cache.blocking()));
            }
        });
    });
}

#[test]
fn it_works_inside_a_current_thread_runtime() {
    within(LONG, || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().unwrap();
        runtime.block_on(async { use_every_cache() });
    });
}

#[test]
fn it_works_inside_a_multi_thread_runtime() {
    within(LONG, || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let task = async { tokio::spawn(async { use_every_cache() }).await };
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn it_works_inside_another_executor() {
    within(LONG, || {
        futures_executor::block_on(async { use_every_cache() })
    });
}

#[test]
fn async_code_works_without_any_runtime() {
    within(LONG, || {
        let (_folder, caches) = caches();
        futures_executor::block_on(async {
            for cache in &caches {
                cache.set("k", 1, None).await.unwrap();
                cache.set_many([("l", 2), ("m", 3)], None).await.unwrap();
                assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(1));
                cache.delete("k").await.unwrap();
                assert_eq!(cache.get::<i32>("k").await.unwrap(), None);
                cache.clear().await.unwrap();
                cache.close().await.unwrap();
            }
        });
    });
}

#[test]
fn a_cache_that_a_runtime_used_works_after_that_is_gone() {
    within(LONG, || {
        let (_folder, caches) = caches();
        for cache in &caches {
            for round in 0..3 {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let set = async {
                    cache.set("k", round, None).await.unwrap();
                    let other = cache.clone();
                    let task = tokio::spawn(async move { other.get::<i32>("k").await });
                    assert_eq!(task.await.unwrap().unwrap(), Some(round));
                };
                runtime.block_on(set);
                drop(runtime);
                assert_eq!(cache.blocking().get::<i32>("k").unwrap(), Some(round));
            }
        }
    });
}

#[test]
fn a_call_that_is_cut_off_with_its_runtime_holds_up_no_later_one() {
    #[cached]
    async fn slow(id: u64) -> u64 {
        if id == 0 {
            std::future::pending::<()>().await;
        }
        id
    }

    within(LONG, || {
        let cache = Cache::builder().layer(Shelf::new()).build().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let never = cache.clone();
        runtime.spawn(async move { never.scope(slow(0)).await });
        while cache.blocking().stats().unwrap().in_flight == 0 {
            thread::yield_now();
        }
        drop(runtime);
        assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
        assert_eq!(futures_executor::block_on(cache.scope(slow(1))), 1);
    });
}
