//! A cache that fails costs the computation, never the call.

use std::fmt;

use cachestack::{Cache, FileBackend, MemoryBackend, cached, invalidate};
use cachestack_tests::Shelf;
use serde::{Deserialize, Serialize, Serializer, ser};

use super::{Runs, cache};

#[tokio::test]
async fn functions_over_a_broken_store_compute_and_are_counted() {
    static RUNS: Runs = Runs::none();

    #[cached]
    async fn count(x: u64) -> u64 {
        RUNS.one_more();
        x
    }
    #[cached]
    fn sync_count(x: u64) -> Result<u64, String> {
        RUNS.one_more();
        Ok(x)
    }
    #[invalidate(count(x), sync_count(x))]
    async fn change(x: u64) -> u64 {
        x
    }

    let shelf = Shelf::new();
    shelf.set_broken(true);
    let cache = Cache::from(shelf.clone());
    cache
        .scope(async {
            assert_eq!((count(1).await, count(1).await), (1, 1));
            assert_eq!((sync_count(1), sync_count(1)), (Ok(1), Ok(1)));
            assert_eq!(RUNS.count(), 4);
            // Each look-up; what failed that is not asked to store.
            assert_eq!(cache.stats().await.unwrap().failed_open, 4);
            assert_eq!(change(5).await, 5);
            assert_eq!(cache.stats().await.unwrap().late, 1);

            shelf.set_broken(false);
            assert_eq!((count(1).await, count(1).await), (1, 1));
            assert_eq!(RUNS.count(), 5);
        })
        .await;
    assert_eq!(cache.stats().await.unwrap().in_flight, 0);
}

#[test]
fn a_broken_layer_below_memory_is_passed_over() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn count(x: u64) -> u64 {
        RUNS.one_more();
        x
    }

    let shelf = Shelf::new();
    shelf.set_broken(true);
    let cache = Cache::builder().layer(MemoryBackend::default());
    let cache = cache.layer(shelf).build().unwrap();
    cache.sync_scope(|| assert_eq!((count(1), count(1)), (1, 1)));
    assert_eq!(RUNS.count(), 1);
    let stats = cache.blocking().stats().unwrap();
    assert!(stats.stack.layers[1].errors > 0);
}

/// Serde can read it, but not write it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Unwritable(u64);

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("no"))
    }
}

#[test]
fn a_value_that_cannot_be_written_is_kept_in_memory() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn make(x: u64) -> Unwritable {
        RUNS.one_more();
        Unwritable(x)
    }

    let check = |cache: &Cache, runs| {
        cache.sync_scope(|| assert_eq!((make(1), make(1)), (Unwritable(1), Unwritable(1))));
        assert_eq!(RUNS.count(), runs);
        cache.blocking().stats().unwrap()
    };
    assert_eq!(check(&cache(), 1).failed_open, 0);
    let folder = tempfile::tempdir().unwrap();
    let file = || FileBackend::builder(folder.path()).build().unwrap();
    let stack = Cache::builder().layer(MemoryBackend::default());
    assert_eq!(
        check(&stack.layer(file()).build().unwrap(), 2).failed_open,
        1
    );
    assert_eq!(check(&Cache::from(file()), 4).failed_open, 2);
}

#[test]
fn a_call_whose_key_cannot_be_written_computes_and_is_counted() {
    struct Undisplayable;
    impl fmt::Display for Undisplayable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    #[cached]
    fn by_argument(x: &Unwritable) -> u64 {
        x.0
    }
    #[cached(key = "x:{x}")]
    fn by_template(x: &Undisplayable) -> u64 {
        let _ = x;
        2
    }
    #[invalidate(by_argument(x))]
    fn change(x: &Unwritable) -> u64 {
        x.0
    }

    let cache = cache();
    cache.sync_scope(|| {
        assert_eq!(by_argument(&Unwritable(1)), 1);
        assert_eq!(by_argument(&Unwritable(2)), 2);
        assert_eq!(by_template(&Undisplayable), 2);
        assert_eq!(change(&Unwritable(3)), 3);
        let error = by_argument::entry(&Unwritable(1));
        let error = error.key().unwrap_err();
        assert_eq!(error.kind(), cachestack::ErrorKind::Serialization);
    });
    let stats = cache.blocking().stats().unwrap();
    assert_eq!((stats.uncached, stats.computed), (3, 0));
}

#[test]
fn an_argument_whose_serialize_panics_panics_the_call_and_leaves_nothing_behind() {
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("as this test wants")
        }
    }

    #[cached]
    fn call(_x: Panics) -> u64 {
        1
    }

    let cache = cache();
    let run = std::panic::AssertUnwindSafe(|| cache.sync_scope(|| call(Panics)));
    std::panic::catch_unwind(run).unwrap_err();
    assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
}

#[tokio::test]
async fn a_value_whose_serialize_panics_holds_up_nobody() {
    #[derive(Clone, Deserialize)]
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("as this test wants")
        }
    }

    #[cached(key = "k")]
    async fn panics() -> Panics {
        Panics
    }
    #[cached(key = "k")]
    async fn works() -> u64 {
        1
    }
    #[cached(key = "k")]
    fn sync_panics() -> Panics {
        Panics
    }

    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::from(FileBackend::builder(folder.path()).build().unwrap());
    let task = {
        let cache = cache.clone();
        tokio::spawn(async move { cache.scope(panics()).await })
    };
    // The value is there: its caller gets it, whatever the store does.
    task.await.unwrap();
    assert_eq!(cache.scope(works()).await, 1);
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.failed_open, stats.in_flight), (1, 0));
    cache.sync_scope(sync_panics);
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.failed_open, stats.in_flight), (2, 0));
}
