//! `timeout = ...` and `hard_timeout = ...`.

use std::time::Duration;

use cachestack::{Cache, Clock, Timeout, cached};
use tokio::sync::{Notify, Semaphore};

use super::{Runs, SECOND, built, in_time, until, until_sync, with_clock};

/// Moves the clock once somebody sleeps by it: the caller whose time is to end.
async fn advance_once(clock: &Clock, ready: impl Fn() -> bool, by: Duration) {
    until(ready).await;
    // Whoever waits has its alarm set by its next poll.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    clock.advance(by);
}

#[tokio::test]
async fn with_an_old_value_at_hand_a_call_stops_waiting_and_the_next_has_what_was_computed() {
    static RUNS: Runs = Runs::none();
    static GO: Notify = Notify::const_new();

    #[cached(ttl = 10, stale_if_error = 600, timeout = 1)]
    async fn number(name: &str) -> Result<usize, String> {
        let run = RUNS.one_more();
        if run > 0 {
            GO.notified().await;
        }
        Ok(run + name.len())
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number("ab").await, Ok(2));
        clock.advance(10 * SECOND);
        let (slow, ()) = tokio::join!(
            number("ab"),
            advance_once(&clock, || RUNS.count() == 2, SECOND)
        );
        assert_eq!(slow, Ok(2));
        // Who comes meanwhile waits as long for the same computation.
        let (slow, ()) = tokio::join!(number("ab"), advance_once(&clock, || true, SECOND));
        assert_eq!((slow, RUNS.count()), (Ok(2), 2));
        GO.notify_one();
        cache.flush().await.unwrap();
        assert_eq!((number("ab").await, RUNS.count()), (Ok(3), 2));
        let stats = number::entries().stats();
        assert_eq!((stats.stale, stats.timeouts), (2, 1));
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_computation_that_ends_in_time_is_the_answer() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 600, timeout = 1)]
    async fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            2 => Err("no".to_owned()),
            run => Ok(run),
        }
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, Ok(0));
        clock.advance(10 * SECOND);
        assert_eq!(number().await, Ok(1));
        clock.advance(10 * SECOND);
        assert_eq!(number().await, Ok(1));
        assert_eq!(RUNS.count(), 3);
    };
    in_time(cache.scope(all)).await;
}

#[test]
fn a_sync_call_stops_waiting_too() {
    static RUNS: Runs = Runs::none();
    static GO: std::sync::Mutex<()> = std::sync::Mutex::new(());

    #[cached(ttl = 10, stale_if_error = 600, timeout = 1)]
    fn number(names: &[String]) -> Result<usize, String> {
        let run = RUNS.one_more();
        if run > 0 {
            drop(GO.lock().unwrap());
        }
        Ok(run + names.len())
    }

    let (cache, clock) = with_clock();
    let names = ["a".to_owned()];
    cache.sync_scope(|| assert_eq!(number(&names), Ok(1)));
    clock.advance(10 * SECOND);
    let held = GO.lock().unwrap();
    let slow = std::thread::spawn({
        let cache = cache.clone();
        move || cache.sync_scope(|| number(&["a".to_owned()]))
    });
    until_sync(|| RUNS.count() == 2);
    until_sync(|| {
        clock.advance(SECOND);
        std::thread::sleep(Duration::from_millis(5));
        slow.is_finished()
    });
    assert_eq!(slow.join().unwrap(), Ok(1));
    drop(held);
    cache.blocking().flush().unwrap();
    assert_eq!(cache.sync_scope(|| number(&names)), Ok(2));
}

#[tokio::test]
async fn without_an_old_value_a_call_waits() {
    static GO: Notify = Notify::const_new();
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 600, timeout = 1)]
    async fn number() -> Result<usize, String> {
        RUNS.one_more();
        GO.notified().await;
        Ok(7)
    }

    let (cache, clock) = with_clock();
    let all = async {
        let go = async {
            advance_once(&clock, || RUNS.count() == 1, 60 * SECOND).await;
            GO.notify_one();
        };
        let (number, ()) = tokio::join!(number(), go);
        assert_eq!(number, Ok(7));
    };
    in_time(cache.scope(all)).await;
}

#[derive(Debug, PartialEq)]
enum Slow {
    Late(Timeout),
}

impl From<Timeout> for Slow {
    fn from(timeout: Timeout) -> Self {
        Self::Late(timeout)
    }
}

#[tokio::test]
async fn a_call_with_a_hard_timeout_ends_with_an_error_and_hands_over() {
    static RUNS: Runs = Runs::none();
    static GO: Semaphore = Semaphore::const_new(0);

    #[cached(ttl = 10, hard_timeout = 2)]
    async fn number() -> Result<usize, Slow> {
        let run = RUNS.one_more();
        drop(GO.acquire().await.unwrap());
        Ok(run)
    }

    let (cache, clock) = with_clock();
    let all = async {
        let (late, ()) = tokio::join!(
            number(),
            advance_once(&clock, || RUNS.count() == 1, 2 * SECOND)
        );
        let Err(Slow::Late(timeout)) = late else {
            panic!("{late:?}");
        };
        assert_eq!(timeout.after, 2 * SECOND);
        assert_eq!(timeout.to_string(), "the call was not answered within 2s");
        GO.add_permits(1);
        assert_eq!(number().await, Ok(1));
        assert_eq!(number::entries().stats().timeouts, 1);
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn who_waits_for_another_is_bounded_too() {
    static RUNS: Runs = Runs::none();
    static GO: Semaphore = Semaphore::const_new(0);

    #[cached(ttl = 10, hard_timeout = "2s")]
    async fn number() -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        let run = RUNS.one_more();
        drop(GO.acquire().await?);
        Ok(run)
    }

    let (cache, clock) = with_clock();
    let all = async {
        let (first, second, ()) = tokio::join!(
            number(),
            number(),
            advance_once(&clock, || RUNS.count() == 1, 2 * SECOND)
        );
        let (first, second) = (first.unwrap_err(), second.unwrap_err());
        assert!(first.is::<Timeout>() && second.is::<Timeout>());
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_hard_timeout_with_an_old_value_at_hand_serves_that() {
    static RUNS: Runs = Runs::none();
    static GO: Semaphore = Semaphore::const_new(0);

    #[cached(ttl = 10, stale_if_error = 60, hard_timeout = 2)]
    async fn number() -> Result<usize, Slow> {
        let run = RUNS.one_more();
        if run > 0 {
            drop(GO.acquire().await.unwrap());
        }
        Ok(run)
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, Ok(0));
        clock.advance(10 * SECOND);
        let (late, ()) = tokio::join!(
            number(),
            advance_once(&clock, || RUNS.count() == 2, 2 * SECOND)
        );
        assert_eq!(late, Ok(0));
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_hard_timeout_without_a_time_is_the_caches() {
    static GO: Semaphore = Semaphore::const_new(0);
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, hard_timeout)]
    async fn number() -> Result<usize, Slow> {
        RUNS.one_more();
        drop(GO.acquire().await.unwrap());
        Ok(7)
    }

    let (cache, clock) = built(|it| it.hard_timeout(3 * SECOND));
    let all = async {
        let (late, ()) = tokio::join!(
            number(),
            advance_once(&clock, || RUNS.count() == 1, 3 * SECOND)
        );
        assert!(late.is_err());
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn a_call_that_bypasses_its_cache_is_bounded_by_the_machines_clock() {
    #[cached(ttl = 10, hard_timeout = "20ms", bypass = true)]
    async fn number() -> Result<usize, Slow> {
        std::future::pending().await
    }

    let cache = Cache::builder().build().unwrap();
    in_time(cache.scope(async { assert!(number().await.is_err()) })).await;
}

#[tokio::test]
async fn a_boxed_future_is_bounded_like_an_async_function() {
    use std::pin::Pin;

    #[cached(ttl = 10, hard_timeout = "20ms")]
    fn number() -> Pin<Box<dyn Future<Output = Result<usize, Slow>> + Send>> {
        Box::pin(std::future::pending())
    }

    let cache = Cache::builder().build().unwrap();
    in_time(cache.scope(async { assert!(number().await.is_err()) })).await;
}

#[test]
fn a_sync_call_for_which_there_is_no_room_is_answered_with_the_old_value_at_once() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 600, timeout = 1)]
    fn number() -> Result<usize, String> {
        Ok(RUNS.one_more())
    }

    let (cache, clock) = built(|it| it.max_background(0));
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(0));
        clock.advance(10 * SECOND);
        assert_eq!((number(), RUNS.count()), (Ok(0), 1));
    });
    // It asks for room before it looks into every layer and after that, and is put off once.
    assert_eq!(cache.blocking().stats().unwrap().put_off, 1);
}
