//! What a cache says for all that says nothing itself.

use cachestack::{Cache, CacheConfig, EntryOptions, ErrorKind, cached};
use tokio::sync::Semaphore;

use super::{Runs, SECOND, built, in_time, until};

#[tokio::test]
async fn of_what_cannot_run_in_the_background_one_caller_computes_and_the_others_are_served() {
    static RUNS: Runs = Runs::none();
    static GO: Semaphore = Semaphore::const_new(0);

    #[cached]
    async fn number() -> usize {
        let run = RUNS.one_more();
        if run > 0 {
            drop(GO.acquire().await.unwrap());
        }
        run
    }

    let (cache, clock) = built(|it| it.ttl(10 * SECOND).stale_while_revalidate(60 * SECOND));
    let all = async {
        assert_eq!(number().await, 0);
        clock.advance(10 * SECOND);
        let others = async {
            until(|| RUNS.count() == 2).await;
            for _ in 0..10 {
                assert_eq!(number().await, 0);
            }
            GO.add_permits(1);
        };
        let (one, ()) = tokio::join!(number(), others);
        assert_eq!((one, RUNS.count()), (1, 2));
        let stats = number::entries().stats();
        assert_eq!((stats.computed, stats.stale, stats.revalidated), (2, 10, 0));
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_function_that_may_run_in_the_background_does_by_the_caches_times() {
    static RUNS: Runs = Runs::none();

    #[cached(background)]
    async fn number() -> usize {
        RUNS.one_more()
    }

    let (cache, clock) = built(|it| it.ttl(10 * SECOND).stale_while_revalidate(60 * SECOND));
    let all = async {
        assert_eq!(number().await, 0);
        clock.advance(10 * SECOND);
        assert_eq!(number().await, 0);
        cache.flush().await.unwrap();
        assert_eq!(number().await, 1);
        assert_eq!(number::entries().stats().revalidated, 1);
    };
    in_time(cache.scope(all)).await;
}

#[test]
fn failures_of_every_function_are_bridged() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            0 => Ok(7),
            _ => Err("no".to_owned()),
        }
    }

    #[cached(stale_if_error = std::time::Duration::ZERO)]
    fn other() -> Result<usize, String> {
        number::uncached().map(|_| 7)
    }

    let (cache, clock) = built(|it| it.ttl(10 * SECOND).stale_if_error(60 * SECOND));
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(7));
        other::entry().blocking().put(1).unwrap();
        clock.advance(10 * SECOND);
        assert_eq!(number(), Ok(7));
        // A time of zero switches it off.
        assert!(other().is_err());
    });
}

#[tokio::test]
async fn a_timeout_of_the_cache_drops_what_runs_in_its_callers_place() {
    static RUNS: Runs = Runs::none();

    #[cached]
    async fn number() -> Result<usize, String> {
        let run = RUNS.one_more();
        if run == 1 {
            std::future::pending::<()>().await;
        }
        Ok(run)
    }

    let (cache, clock) = built(|it| {
        let it = it.ttl(10 * SECOND).stale_if_error(600 * SECOND);
        it.timeout(SECOND)
    });
    let all = async {
        assert_eq!(number().await, Ok(0));
        clock.advance(10 * SECOND);
        let advance = async {
            until(|| RUNS.count() == 2).await;
            clock.advance(SECOND);
        };
        let (old, ()) = tokio::join!(number(), advance);
        assert_eq!(old, Ok(0));
        assert_eq!(number().await, Ok(2));
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_refresh_ahead_of_the_cache_is_done_by_one_caller() {
    static RUNS: Runs = Runs::none();
    let (cache, clock) = built(|it| it.ttl(10 * SECOND).refresh_ahead(0.5));
    let number = || cache.get_or_compute("k", None, || async { RUNS.one_more() });
    assert_eq!(number().await, 0);
    clock.advance(5 * SECOND);
    assert_eq!(number().await, 1);
    assert_eq!(number().await, 1);
}

#[test]
fn what_is_set_by_hand_has_the_caches_stale_time() {
    let (cache, clock) = built(|it| it.ttl(10 * SECOND).stale_if_error(60 * SECOND));
    let by_hand = cache.blocking();
    by_hand.set("k", 7_u8, None).unwrap();
    let own = EntryOptions::new().stale_if_error(600 * SECOND);
    by_hand.set("l", 7_u8, own.clone()).unwrap();
    clock.advance(100 * SECOND);
    let number = |key: &str| {
        let options = own.clone();
        by_hand.get_or_try_compute::<u8, _, _, _>(key, options, || Err("no"))
    };
    assert_eq!((number("k"), number("l")), (Err("no"), Ok(7)));
}

#[test]
fn they_are_part_of_a_configuration() {
    let config: CacheConfig = serde_json::from_str(
        r#"{
            "ttl": 10, "stale_while_revalidate": "1m", "stale_if_error": "1h", "retry_after": 2,
            "refresh_ahead": 0.8, "timeout": "200ms", "hard_timeout": "2s", "jitter": 0.1, "max_background": 8
        }"#,
    )
    .unwrap();
    Cache::from_config(config).unwrap();
}

#[test]
fn a_part_that_is_none_and_a_time_of_zero_are_errors_that_say_what_is_allowed() {
    let error = |builder: cachestack::CacheBuilder| {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    };
    let ahead = error(Cache::builder().refresh_ahead(1.0));
    assert!(
        ahead.contains("refresh_ahead is 1, it is a part of the ttl: above 0 and below 1"),
        "{ahead}"
    );
    let jitter = error(Cache::builder().jitter(-0.5));
    assert!(jitter.contains("from 0 to 1"), "{jitter}");
    assert!(error(Cache::builder().jitter(f64::NAN)).contains("jitter is NaN"));
    let zero = error(Cache::builder().timeout(std::time::Duration::ZERO));
    assert!(zero.contains("timeout is zero"), "{zero}");
}
