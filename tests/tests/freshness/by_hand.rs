//! The same by hand, on the options of `get_or_compute`.

use cachestack::{EntryOptions, Timeout};
use tokio::sync::Semaphore;

use super::{Runs, SECOND, in_time, until, until_sync, with_clock};

#[tokio::test]
async fn a_stale_value_is_served_and_refreshed_in_the_background() {
    static RUNS: Runs = Runs::none();
    let (cache, clock) = with_clock();
    let number = || {
        let options = EntryOptions::new().ttl(10 * SECOND).tags(["t"]);
        let options = options.stale_while_revalidate(60 * SECOND);
        cache.get_or_compute("k", options, || async { RUNS.one_more() })
    };
    assert_eq!(number().await, 0);
    clock.advance(10 * SECOND);
    assert_eq!(number().await, 0);
    cache.flush().await.unwrap();
    assert_eq!((number().await, RUNS.count()), (1, 2));
    cache.invalidate_tag("t").await.unwrap();
    assert_eq!(number().await, 2);
}

#[test]
fn sync_code_has_it_too() {
    static RUNS: Runs = Runs::none();
    let (cache, clock) = with_clock();
    let by_hand = cache.blocking();
    let number = || {
        let options = EntryOptions::new().ttl(10 * SECOND);
        let options = options.stale_while_revalidate(60 * SECOND);
        by_hand.get_or_compute("k", options, || RUNS.one_more())
    };
    assert_eq!(number(), 0);
    clock.advance(10 * SECOND);
    assert_eq!(number(), 0);
    by_hand.flush().unwrap();
    assert_eq!((number(), RUNS.count()), (1, 2));
}

#[tokio::test]
async fn a_failure_serves_what_there_was() {
    let (cache, clock) = with_clock();
    let number = |computed: Result<u8, &'static str>| {
        let options = EntryOptions::new().ttl(10 * SECOND);
        let options = options.stale_if_error(60 * SECOND);
        cache.get_or_try_compute("k", options, move || async move { computed })
    };
    assert_eq!(number(Ok(7)).await, Ok(7));
    clock.advance(10 * SECOND);
    assert_eq!(number(Err("no")).await, Ok(7));
    clock.advance(60 * SECOND);
    assert_eq!(number(Err("no")).await, Err("no"));
}

#[tokio::test]
async fn a_hard_timeout_is_an_error_of_the_callers() {
    let (cache, clock) = with_clock();
    let options = EntryOptions::new().ttl(10 * SECOND).hard_timeout(SECOND);
    let never = || std::future::pending::<Result<u8, Timeout>>();
    let call = cache.get_or_try_compute("k", options, never);
    let advance = async {
        until(|| true).await;
        clock.advance(SECOND);
    };
    let (answer, ()) = in_time(async { tokio::join!(call, advance) }).await;
    assert_eq!(answer.unwrap_err().after, SECOND);
}

#[tokio::test]
async fn a_computation_that_takes_too_long_goes_on_for_the_next() {
    static GO: Semaphore = Semaphore::const_new(0);
    static RUNS: Runs = Runs::none();
    let (cache, clock) = with_clock();
    let number = || {
        let options = EntryOptions::new().ttl(10 * SECOND);
        let options = options.stale_if_error(600 * SECOND).timeout(SECOND);
        cache.get_or_compute("k", options, || async {
            let run = RUNS.one_more();
            if run > 0 {
                drop(GO.acquire().await.unwrap());
            }
            run
        })
    };
    assert_eq!(number().await, 0);
    clock.advance(10 * SECOND);
    let advance = async {
        until(|| RUNS.count() == 2).await;
        clock.advance(SECOND);
    };
    let (old, ()) = in_time(async { tokio::join!(number(), advance) }).await;
    assert_eq!(old, 0);
    GO.add_permits(1);
    cache.flush().await.unwrap();
    assert_eq!((number().await, RUNS.count()), (1, 2));
}

#[test]
fn a_hit_by_hand_has_nothing_to_do_with_flights() {
    let (cache, _clock) = with_clock();
    let by_hand = cache.blocking();
    by_hand.set("k", 1_u8, None).unwrap();
    // It would wait for itself, were it not a hit.
    let outer = by_hand.get_or_compute("other", None, || by_hand.get_or_compute("k", None, || 2));
    assert_eq!(outer, 1_u8);
    until_sync(|| by_hand.stats().unwrap().in_flight == 0);
    assert_eq!(by_hand.stats().unwrap().computed, 1);
}
