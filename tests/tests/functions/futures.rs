//! Functions that return futures.

use std::pin::Pin;
use std::sync::Arc;

use cachestack::cached;

use super::{Runs, cache};

#[tokio::test]
async fn a_future_is_cached_by_what_it_gives() {
    static CALLS: Runs = Runs::none();
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 60)]
    fn double(n: u64) -> impl Future<Output = Result<u64, String>> + Send {
        CALLS.one_more();
        async move {
            RUNS.one_more();
            tokio::task::yield_now().await;
            n.checked_mul(2).ok_or_else(|| "too large".to_owned())
        }
    }

    let all = async {
        assert_eq!(double(1).await, Ok(2));
        assert_eq!(double(1).await, Ok(2));
        // After a hit there is not even a future made.
        assert_eq!((CALLS.count(), RUNS.count()), (1, 1));
        double(u64::MAX).await.unwrap_err();
        double(u64::MAX).await.unwrap_err();
        assert_eq!(RUNS.count(), 3);
        assert_eq!(double::entry(1).peek(), Some(2));
        assert_eq!(double::refresh(1).await, Ok(2));
        assert_eq!(double::uncached(1).await, Ok(2));
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn a_future_that_is_never_awaited_stores_nothing() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn double(n: u64) -> impl Future<Output = u64> + Send {
        async move {
            RUNS.one_more();
            n * 2
        }
    }

    let cache = cache();
    let all = async {
        drop(double(1));
        assert_eq!(RUNS.count(), 0);
        assert_eq!(double::entry(1).peek(), None);
        assert_eq!(double(1).await, 2);
    };
    cache.scope(all).await;
    assert_eq!(cache.stats().await.unwrap().in_flight, 0);
}

#[tokio::test]
async fn a_boxed_future_may_borrow_and_may_call_itself() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn sum<'a>(numbers: &'a [u64]) -> Pin<Box<dyn Future<Output = Arc<u64>> + Send + 'a>> {
        RUNS.one_more();
        Box::pin(async move {
            Arc::new(match numbers {
                [] => 0,
                [first, rest @ ..] => first + *sum(rest).await,
            })
        })
    }

    let all = async {
        assert_eq!(*sum(&[1, 2, 3]).await, 6);
        assert_eq!(RUNS.count(), 4);
        assert_eq!(*sum(&[2, 3]).await, 5);
        assert_eq!(RUNS.count(), 4);
        assert!(Arc::ptr_eq(&sum(&[3]).await, &sum(&[3]).await));
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn concurrent_futures_share_one_computation() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn double(n: u64) -> impl Future<Output = u64> + Send {
        async move {
            RUNS.one_more();
            tokio::task::yield_now().await;
            n * 2
        }
    }

    let cache = cache();
    let all = async { tokio::join!(double(1), double(1), double(1)) };
    assert_eq!(cache.scope(all).await, (2, 2, 2));
    assert_eq!(RUNS.count(), 1);
}

#[tokio::test]
async fn a_future_can_be_sent_to_another_thread() {
    #[cached]
    fn double(n: u64) -> impl Future<Output = u64> + Send + 'static {
        async move { n * 2 }
    }

    let (cache, other) = (cache(), cache());
    let call = cache.sync_scope(|| double(1));
    let elsewhere = async move { other.scope(call).await };
    assert_eq!(tokio::spawn(elsewhere).await.unwrap(), 2);
    // It belongs to the cache in which it was made.
    assert_eq!(cache.sync_scope(|| double::entry(1).peek()), Some(2));
}
