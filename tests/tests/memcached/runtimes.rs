//! From any runtime, and from none.

use std::time::Duration;

use cachestack::{Backend, Cache, EntryOptions, Key, MemcachedBackend};
use cachestack_tests::within;

use super::{LIMIT, get, key, own, set};

async fn works(backend: &MemcachedBackend, key: &Key) {
    for round in 0..20 {
        set(backend, key, round).await;
        assert_eq!(get(backend, key).await, Some(round));
    }
    backend.delete(key).await.unwrap();
    assert!(!backend.exists(key).await.unwrap());
}

fn current_thread() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn from_a_runtime_of_many_threads() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        runtime.block_on(async {
            let backend = own();
            let tasks: Vec<_> = (0..64)
                .map(|n| {
                    let backend = backend.clone();
                    tokio::spawn(async move { works(&backend, &key(&format!("{n}"))).await })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn from_a_runtime_of_one_thread_and_after_it_is_gone() {
    within(LIMIT, || {
        let backend = own();
        for _ in 0..3 {
            current_thread().block_on(works(&backend, &key("k")));
        }
        // What one runtime began, and did not wait for, is no harm to the next.
        let half = backend.clone();
        current_thread().block_on(async move {
            let begun = tokio::spawn(async move { set(&half, &key("half"), 1).await });
            tokio::task::yield_now().await;
            begun.abort();
        });
        current_thread().block_on(works(&backend, &key("half")));
        futures_executor::block_on(works(&backend, &key("k")));
    });
}

#[test]
fn under_a_clock_that_is_paused() {
    within(LIMIT, || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let backend = own();
            works(&backend, &key("k")).await;
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            works(&backend, &key("k")).await;
        });
    });
}

#[test]
fn from_plain_sync_code_and_from_sync_code_inside_a_runtime() {
    within(LIMIT, || {
        let cache = Cache::from(own());
        let plain = || {
            let cache = cache.blocking();
            for round in 0..20_u64 {
                cache.set("k", round, EntryOptions::new()).unwrap();
                assert_eq!(cache.get::<u64>("k").unwrap(), Some(round));
            }
            assert!(cache.delete("k").is_ok());
        };
        plain();
        current_thread().block_on(async { plain() });
        let many = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        many.block_on(async { plain() });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| cache.blocking().get::<u64>("other").unwrap());
            }
        });
    });
}

#[test]
fn dropped_anywhere_it_blocks_nobody() {
    within(LIMIT, || {
        let opened = || {
            let backend = own();
            futures_executor::block_on(set(&backend, &key("k"), 1));
            backend
        };
        drop(opened());
        let inside = opened();
        current_thread().block_on(async move { drop(inside) });
        let many = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let inside = opened();
        many.block_on(async move { drop(inside) });
        // Opened in a runtime that ends first.
        let kept = current_thread().block_on(async {
            let backend = own();
            set(&backend, &key("k"), 1).await;
            backend
        });
        drop(kept);
        // Never used.
        drop(own());
    });
}
