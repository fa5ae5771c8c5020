//! `stale_while_revalidate = ...`.

use std::time::Duration;

use cachestack::cached;
use tokio::sync::Notify;

use super::{Runs, SECOND, in_time, until, until_sync, with_clock};

#[tokio::test]
async fn a_stale_value_is_served_at_once_and_refreshed_once_in_the_background() {
    static RUNS: Runs = Runs::none();
    static GO: Notify = Notify::const_new();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number(name: &str) -> usize {
        let run = RUNS.one_more();
        if run > 0 {
            GO.notified().await;
        }
        run + name.len()
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number("ab").await, 2);
        clock.advance(10 * SECOND);
        for _ in 0..100 {
            assert_eq!(number("ab").await, 2);
        }
        until(|| RUNS.count() == 2).await;
        GO.notify_one();
        cache.flush().await.unwrap();
        assert_eq!((number("ab").await, RUNS.count()), (3, 2));
        let stats = number::entries().stats();
        assert_eq!((stats.stale, stats.revalidated), (100, 1));
        assert_eq!(cache.stats().await.unwrap().stale, 100);
    };
    in_time(cache.scope(all)).await;
}

#[test]
fn a_sync_function_is_refreshed_on_a_pool() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn number(id: u64, name: &str) -> (u64, String, String) {
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        RUNS.one_more();
        (id, name.to_owned(), thread)
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        let first = number(1, "a");
        clock.advance(10 * SECOND);
        assert_eq!(number(1, "a"), first);
        until_sync(|| RUNS.count() == 2);
        cache.blocking().flush().unwrap();
        let second = number(1, "a");
        assert_eq!(
            (second.0, &*second.1, &*second.2),
            (1, "a", "cachestack-side")
        );
        assert_eq!(RUNS.count(), 2);
    });
}

#[tokio::test]
async fn beyond_its_stale_time_a_value_is_computed_in_the_call() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 5)]
    async fn number() -> usize {
        RUNS.one_more()
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, 0);
        clock.advance(15 * SECOND);
        assert_eq!(number().await, 1);
        assert_eq!(number::entries().stats().stale, 0);
    };
    cache.scope(all).await;
}

#[tokio::test]
async fn what_is_invalidated_while_it_is_refreshed_is_not_stored() {
    static RUNS: Runs = Runs::none();
    static GO: Notify = Notify::const_new();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> usize {
        let run = RUNS.one_more();
        if run == 1 {
            GO.notified().await;
        }
        run
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, 0);
        clock.advance(10 * SECOND);
        assert_eq!(number().await, 0);
        until(|| RUNS.count() == 2).await;
        number::entry().invalidate().await.unwrap();
        GO.notify_one();
        cache.flush().await.unwrap();
        assert_eq!(number().await, 2);
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_failed_refresh_is_tried_again_only_after_a_while() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            run @ (0 | 2) => Ok(run),
            _ => Err("no".to_owned()),
        }
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, Ok(0));
        clock.advance(10 * SECOND);
        for _ in 0..20 {
            assert_eq!(number().await, Ok(0));
            cache.flush().await.unwrap();
        }
        assert_eq!(RUNS.count(), 2);
        clock.advance(5 * SECOND);
        assert_eq!(number().await, Ok(0));
        cache.flush().await.unwrap();
        assert_eq!(number().await, Ok(2));
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_refresh_that_panics_harms_nobody() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> usize {
        let run = RUNS.one_more();
        assert!(run != 1, "on purpose");
        run
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, 0);
        clock.advance(10 * SECOND);
        assert_eq!(number().await, 0);
        cache.flush().await.unwrap();
        assert_eq!((number().await, RUNS.count()), (0, 2));
        assert_eq!(cache.stats().await.unwrap().in_background, 0);
        clock.advance(5 * SECOND);
        assert_eq!(number().await, 0);
        cache.flush().await.unwrap();
        assert_eq!(number().await, 2);
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_refresh_that_its_condition_refuses_is_tried_again_only_after_a_while() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60, condition = |run| *run != 1)]
    async fn number() -> usize {
        RUNS.one_more().min(1)
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, 0);
        clock.advance(10 * SECOND);
        for _ in 0..20 {
            assert_eq!(number().await, 0);
            cache.flush().await.unwrap();
        }
        assert_eq!(RUNS.count(), 2);
    };
    in_time(cache.scope(all)).await;
}

#[test]
fn by_hand_a_stale_entry_is_not_there() {
    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn number() -> u8 {
        7
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        number();
        let entry = || number::entry().blocking();
        let key = entry().key().unwrap().to_owned();
        let by_hand = cache.blocking();
        let left = by_hand.get_with_ttl::<u8>(&key).unwrap();
        assert_eq!(left, Some((7, Some(10 * SECOND))));
        clock.advance(10 * SECOND);
        assert_eq!(by_hand.get::<u8>(&key).unwrap(), None);
        assert_eq!(by_hand.get_many::<u8>([&key]).unwrap(), [None]);
        assert!(!by_hand.exists(&key).unwrap());
        assert_eq!((entry().peek(), entry().get().unwrap()), (None, None));
        assert!(!entry().exists().unwrap());
        assert_eq!(number(), 7);
        assert_eq!(number::entries().stats().stale, 1);
    });
}

#[test]
fn a_value_that_is_put_by_hand_has_its_stale_time_too() {
    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn number() -> u8 {
        7
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        number::entry().blocking().put(3).unwrap();
        clock.advance(Duration::from_secs(69));
        assert_eq!(number(), 3);
    });
}
