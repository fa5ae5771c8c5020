//! The rows of `docs/COMPARISON.md`.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{Cache, MemoryBackend, cached, invalidate};
use cachestack_tests::Shelf;
use serde::{Deserialize, Serialize};

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

#[test]
fn methods_of_two_instances_share_nothing() {
    struct Users {
        tenant: &'static str,
    }

    impl Users {
        #[cached(key = "peers:user:{self.tenant}:{id}")]
        fn get(&self, id: u64) -> String {
            format!("{}:{id}", self.tenant)
        }
    }

    let (a, b) = (Users { tenant: "a" }, Users { tenant: "b" });
    let got = cache().sync_scope(|| [a.get(1), b.get(1), a.get(1)]);
    assert_eq!(got, ["a:1", "b:1", "a:1"]);
}

#[test]
fn instances_of_a_generic_impl_share_nothing() {
    struct Of<T>(T);

    impl<T: Debug> Of<T> {
        #[cached(skip(self))]
        fn shown(&self, id: u64) -> String {
            format!("{:?}:{id}", self.0)
        }
    }

    let got = cache().sync_scope(|| [Of(1_u8).shown(1), Of("x").shown(1), Of(2_u8).shown(1)]);
    assert_eq!(got, ["1:1", "\"x\":1", "1:1"]);
}

#[test]
fn instances_of_a_generic_function_share_nothing() {
    #[cached]
    fn size_of<T>(times: usize) -> usize {
        size_of_val(&[const { None::<u8> }; 1]) * times * std::mem::size_of::<T>()
    }

    let got = cache().sync_scope(|| [size_of::<u8>(1), size_of::<u64>(1)]);
    assert_eq!(got[0] * 8, got[1]);
}

type Found = Result<u64, String>;

#[test]
fn an_alias_of_result_is_seen() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    fn find(id: u64) -> Found {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Err(format!("no {id}"))
    }

    let got = cache().sync_scope(|| [find(1), find(1)]);
    assert!(got.iter().all(Result::is_err));
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[test]
fn functions_of_one_name_share_nothing() {
    fn first() -> u64 {
        #[cached]
        fn inner(n: u64) -> u64 {
            n + 1
        }
        inner(1)
    }

    fn second() -> u64 {
        #[cached]
        fn inner(n: u64) -> u64 {
            n + 2
        }
        inner(1)
    }

    assert_eq!(cache().sync_scope(|| (first(), second())), (2, 3));
}

#[test]
fn values_that_look_alike_share_nothing() {
    #[cached(key = "peers:{a}:{b}")]
    fn joined(a: &str, b: &str) -> String {
        format!("{a}+{b}")
    }

    let got = cache().sync_scope(|| [joined("1:2", "3"), joined("1", "2:3")]);
    assert_eq!(got, ["1:2+3", "1+2:3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_compute_once() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn slow(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        n
    }

    let cache = cache();
    let calls = (0..50).map(|_| {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(slow(1)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 1);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_cancelled_caller_hands_over() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn slow(n: u64) -> u64 {
        if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
            std::future::pending::<()>().await;
        }
        n
    }

    let cache = cache();
    let call = || {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(slow(1)).await })
    };
    let (first, second) = (call(), call());
    tokio::task::yield_now().await;
    first.abort();
    let got = tokio::time::timeout(Duration::from_secs(5), second).await;
    assert_eq!(got.unwrap().unwrap(), 1);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_invalidation_names_the_function() {
    #[cached]
    async fn name(id: u64) -> String {
        format!("user {id}")
    }

    // With another type or count of arguments this does not compile: see the cases `target_*` of the UI tests.
    #[invalidate(name(id))]
    async fn rename(id: u64) {
        let _ = id;
    }

    let calls = async {
        name(1).await;
        assert!(name::entry(1).peek().is_some());
        rename(1).await;
        assert!(name::entry(1).peek().is_none());
    };
    cache().scope(calls).await;
}

#[tokio::test]
async fn sync_and_async_callers_share() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached(key = "peers:shared:{n}")]
    fn blocking(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        n
    }

    #[cached(key = "peers:shared:{n}")]
    async fn waiting(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        n
    }

    let calls = async { blocking(1) + waiting(1).await };
    assert_eq!(cache().scope(calls).await, 2);
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

/// No `Clone`.
#[derive(Serialize, Deserialize)]
struct Report {
    lines: Vec<String>,
}

#[tokio::test]
async fn what_is_behind_an_arc_is_stored_without_it() {
    #[cached]
    async fn report(id: u64) -> Arc<Report> {
        let lines = vec![id.to_string()];
        Arc::new(Report { lines })
    }

    let shelf = Shelf::new();
    let stack = || {
        let stack = Cache::builder().layer(MemoryBackend::default());
        stack.layer(shelf.clone()).build().unwrap()
    };
    stack().scope(report(1)).await;
    // Another stack over the same store finds it below its memory.
    let entry = stack().sync_scope(|| report::entry(1));
    assert_eq!(entry.get().await.unwrap().unwrap().lines, ["1"]);
}
