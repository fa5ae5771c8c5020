//! After `close`.

use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::{ErrorKind, cached};

use super::cache;

#[tokio::test]
async fn operations_by_hand_on_a_closed_cache_are_errors() {
    let cache = cache();
    cache.set("k", 1, None).await.unwrap();
    cache.close().await.unwrap();
    cache.close().await.unwrap();
    let errors = [
        cache.get::<i32>("k").await.map(drop).unwrap_err(),
        cache.get_with_ttl::<i32>("k").await.map(drop).unwrap_err(),
        cache.set("k", 1, None).await.unwrap_err(),
        cache.delete("k").await.unwrap_err(),
        cache.exists("k").await.map(drop).unwrap_err(),
        cache.clear().await.unwrap_err(),
        cache.get_many::<i32>(["k"]).await.map(drop).unwrap_err(),
        cache.set_many([("k", 1)], None).await.unwrap_err(),
        cache.delete_many(["k"]).await.unwrap_err(),
        cache.purge_expired().await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    }
    cache.flush().await.unwrap();
    assert_eq!(cache.stats().await.unwrap().stack.layers.len(), 1);
}

#[tokio::test]
async fn functions_of_a_closed_cache_compute() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn count() -> usize {
        RUNS.fetch_add(1, Ordering::SeqCst)
    }

    #[cached]
    fn sync_count() -> usize {
        RUNS.fetch_add(1, Ordering::SeqCst)
    }

    let cache = cache();
    cache
        .scope(async {
            assert_eq!((count().await, count().await), (0, 0));
            cache.close().await.unwrap();
            assert_eq!((count().await, count().await), (1, 2));
            assert_eq!((sync_count(), sync_count()), (3, 4));
            assert_eq!(count::entry().peek(), None);
        })
        .await;
    let hand = cache.get_or_compute("k", None, || async { 5 }).await;
    assert_eq!(hand, 5);
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.uncached), (1, 5));
}
