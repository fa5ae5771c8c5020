//! A computation that asks for its own key computes again: it would wait for itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cachestack::{Cache, cached};
use cachestack_tests::within;

use super::{Gate, cache, clocked, in_flight, settle};

/// Far below the lease, which is 10 s.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn a_sync_function_that_calls_itself_with_the_same_arguments_computes_at_once() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    fn circle(n: u64) -> u64 {
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => circle(n) + 1,
            _ => n,
        }
    }

    within(AT_ONCE, || {
        let cache = cache();
        assert_eq!(cache.sync_scope(|| circle(5)), 7);
        let stats = cache.blocking().stats().unwrap();
        assert_eq!((stats.computed, stats.in_flight), (3, 0));
    });
}

#[test]
fn functions_that_share_a_key_and_call_each_other_compute_at_once() {
    #[cached(key = "shared")]
    fn upper() -> u64 {
        lower() + 1
    }

    #[cached(key = "shared")]
    fn lower() -> u64 {
        1
    }

    within(AT_ONCE, || {
        let cache = cache();
        assert_eq!(cache.sync_scope(upper), 2);
        // The inner one was stored first, and stays.
        assert_eq!(cache.sync_scope(upper), 1);
    });
}

#[tokio::test]
async fn an_async_function_that_calls_itself_with_the_same_arguments_computes_at_once() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn circle(n: u64) -> u64 {
        tokio::task::yield_now().await;
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Box::pin(circle(n)).await + 1,
            _ => n,
        }
    }

    // A clock that nobody moves: whoever waited for the lease would wait for ever.
    let (cache, _) = clocked();
    let called = tokio::time::timeout(AT_ONCE, cache.scope(circle(5)));
    assert_eq!(called.await.unwrap(), 7);
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn a_call_of_the_same_key_inside_join_or_select_is_seen_too() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn answer() -> u64 {
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 => {
                let other = async {
                    tokio::task::yield_now().await;
                    Box::pin(answer()).await
                };
                tokio::join!(other, tokio::task::yield_now()).0
            }
            1 => tokio::select! {
                inner = Box::pin(other_way()) => inner,
                () = std::future::pending() => 0,
            },
            _ => 42,
        }
    }

    async fn other_way() -> u64 {
        tokio::task::yield_now().await;
        answer().await
    }

    let (cache, _) = clocked();
    let called = tokio::time::timeout(AT_ONCE, cache.scope(answer()));
    assert_eq!(called.await.unwrap(), 42);
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn calls_beside_each_other_in_one_task_share_one_computation() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn answer() -> u64 {
        tokio::task::yield_now().await;
        RUNS.fetch_add(1, Ordering::SeqCst);
        42
    }

    let (cache, _) = clocked();
    let values = cache.scope(async { tokio::join!(answer(), answer(), answer()) });
    assert_eq!(values.await, (42, 42, 42));
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_task_that_the_computation_spawns_waits_up_to_the_lease() {
    let ((cache, clock), runs) = (clocked(), Gate::closed());
    let leader = {
        let (cache, runs) = (cache.clone(), runs.clone());
        tokio::spawn(async move {
            let inner = cache.clone();
            let compute = || async move {
                let compute = move || async move {
                    runs.pass().await;
                    1
                };
                let spawned = async move { inner.get_or_compute("k", None, compute).await };
                tokio::spawn(spawned).await.unwrap() + 1
            };
            cache
                .get_or_compute::<u32, _, _, _>("k", None, compute)
                .await
        })
    };
    settle().await;
    assert_eq!(runs.begun(), 0);
    clock.advance(Duration::from_secs(10));
    settle().await;
    assert_eq!(runs.begun(), 1);
    runs.let_go(1);
    assert_eq!(leader.await.unwrap(), 2);
}

#[test]
fn a_value_that_asks_for_its_own_key_while_it_is_decoded_computes_at_once() {
    static CACHE: std::sync::LazyLock<(Cache, tempfile::TempDir)> =
        std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            let file = cachestack::FileBackend::builder(folder.path()).build();
            (Cache::from(file.unwrap()), folder)
        });

    #[derive(Clone, serde::Serialize)]
    struct Nested(u64);
    impl<'de> serde::Deserialize<'de> for Nested {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            static DEPTH: AtomicUsize = AtomicUsize::new(0);
            let value = u64::deserialize(from)?;
            if value == 7 && DEPTH.fetch_add(1, Ordering::SeqCst) == 0 {
                let again = CACHE.0.blocking().get_or_compute("k", None, || Self(7));
                return Ok(again);
            }
            Ok(Self(value))
        }
    }

    within(AT_ONCE, || {
        let cache = CACHE.0.blocking();
        cache.set("k", Nested(7), None).unwrap();
        assert_eq!(cache.get_or_compute("k", None, || Nested(8)).0, 7);
    });
}

/// What a level of recursion takes of the stack, in a debug build too.
const BYTES_A_LEVEL: usize = 3 * 1024;

#[test]
fn a_sync_function_calls_itself_a_thousand_levels_deep_on_a_main_threads_stack() {
    const DEPTH: u64 = 1_000;
    static DEEPEST: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    fn sum(n: u64) -> u64 {
        match n {
            0 => {
                let here = 0_u8;
                DEEPEST.store(std::ptr::from_ref(&here).addr(), Ordering::SeqCst);
                0
            }
            n => sum(n - 1) + n,
        }
    }

    let cache = cache();
    let thread = thread::Builder::new().stack_size(8 * 1024 * 1024);
    let thread = thread.spawn(move || {
        let top = 0_u8;
        let sum = cache.sync_scope(|| sum(DEPTH));
        (sum, std::ptr::from_ref(&top).addr())
    });
    let (sum, top) = thread.unwrap().join().unwrap();
    assert_eq!(sum, DEPTH * (DEPTH + 1) / 2);
    let level = (top - DEEPEST.load(Ordering::SeqCst)) / DEPTH as usize;
    assert!(level < BYTES_A_LEVEL, "{level} bytes a level");
}
