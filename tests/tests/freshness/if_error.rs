//! `stale_if_error = ...`.

use std::sync::Arc;

use cachestack::{Cache, cached};
use tokio::sync::Notify;

use super::{Runs, SECOND, built, in_time, until, with_clock};

#[tokio::test]
async fn a_failing_computation_serves_the_old_value_up_to_that_age() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 20)]
    async fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            0 => Ok(7),
            run => Err(format!("{run}")),
        }
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, Ok(7));
        clock.advance(10 * SECOND);
        assert_eq!((number().await, RUNS.count()), (Ok(7), 2));
        clock.advance(20 * SECOND);
        assert_eq!(number().await, Err("2".to_owned()));
        let stats = number::entries().stats();
        assert_eq!((stats.stale, stats.failed, stats.computed), (1, 2, 3));
    };
    cache.scope(all).await;
}

#[test]
fn a_source_that_failed_is_left_alone_for_a_while() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 3600)]
    fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            0 => Ok(7),
            run => Err(format!("{run}")),
        }
    }

    let (cache, clock) = built(|it| it.retry_after(2 * SECOND));
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(7));
        clock.advance(10 * SECOND);
        for second in 0..10 {
            for _ in 0..10 {
                assert_eq!(number(), Ok(7));
            }
            assert_eq!(RUNS.count(), 2 + second / 2);
            clock.advance(SECOND);
        }
    });
}

#[test]
fn a_source_that_is_back_is_used_again() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 3600)]
    fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            1 => Err("no".to_owned()),
            run => Ok(run),
        }
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(0));
        clock.advance(10 * SECOND);
        assert_eq!(number(), Ok(0));
        clock.advance(5 * SECOND);
        assert_eq!(number(), Ok(2));
        clock.advance(9 * SECOND);
        assert_eq!((number(), RUNS.count()), (Ok(2), 3));
    });
}

#[tokio::test]
async fn all_who_wait_for_a_computation_that_fails_get_the_old_value() {
    static RUNS: Runs = Runs::none();
    static GO: Notify = Notify::const_new();

    /// An error that cannot be shared.
    #[derive(Debug)]
    struct Own;

    #[cached(ttl = 10, stale_if_error = 60)]
    async fn number() -> Result<usize, Own> {
        if RUNS.one_more() == 0 {
            return Ok(7);
        }
        GO.notified().await;
        Err(Own)
    }

    let (cache, clock) = with_clock();
    let call = |cache: Cache| async move { cache.scope(number()).await.unwrap() };
    assert_eq!(call(cache.clone()).await, 7);
    clock.advance(10 * SECOND);
    let calls: Vec<_> = (0..50).map(|_| tokio::spawn(call(cache.clone()))).collect();
    until(|| RUNS.count() == 2).await;
    tokio::task::yield_now().await;
    GO.notify_one();
    for call in calls {
        assert_eq!(in_time(call).await.unwrap(), 7);
    }
    assert_eq!(RUNS.count(), 2);
}

#[test]
fn a_failure_that_would_be_kept_does_not_take_the_place_of_the_old_value() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 60, error_ttl = 30)]
    fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            0 => Ok(7),
            run => Err(format!("{run}")),
        }
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(7));
        for _ in 0..5 {
            clock.advance(10 * SECOND);
            assert_eq!(number(), Ok(7));
        }
    });
}

#[test]
fn an_old_value_that_was_invalidated_is_not_served() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 60)]
    fn number() -> Result<Arc<usize>, String> {
        match RUNS.one_more() {
            0 => Ok(Arc::new(7)),
            _ => Err("no".to_owned()),
        }
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(Arc::new(7)));
        clock.advance(10 * SECOND);
        number::entry().blocking().invalidate().unwrap();
        assert_eq!(number(), Err("no".to_owned()));
    });
}

#[tokio::test]
async fn who_accepts_less_age_does_not_get_what_another_was_served() {
    use cachestack::EntryOptions;

    static GO: Notify = Notify::const_new();
    static STARTED: Runs = Runs::none();

    let (cache, clock) = with_clock();
    let options = |seconds: u32| {
        let options = EntryOptions::new().ttl(10 * SECOND);
        options.stale_if_error(seconds * SECOND)
    };
    cache.set("k", 7_u8, options(3600)).await.unwrap();
    clock.advance(100 * SECOND);
    let patient = cache.get_or_try_compute("k", options(3600), || async {
        STARTED.one_more();
        GO.notified().await;
        Err::<u8, _>("patient")
    });
    let strict = async {
        until(|| STARTED.count() == 1).await;
        let strict = cache.get_or_try_compute("k", options(1), || async { Err::<u8, _>("strict") });
        let go = async {
            tokio::task::yield_now().await;
            GO.notify_one();
        };
        tokio::join!(strict, go).0
    };
    let (patient, strict) = in_time(async { tokio::join!(patient, strict) }).await;
    assert_eq!((patient, strict), (Ok(7), Err("strict")));
}
