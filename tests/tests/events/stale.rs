//! Stale values and what is computed beside them.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachestack::{Cache, Clock, Outcome, cached};
use cachestack_tests::eventually;

use tokio::sync::Semaphore;

use super::Heard;

/// An error that a call which takes too long can end with.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const SECOND: Duration = Duration::from_secs(1);

fn clocked() -> (Cache, Clock, Heard) {
    let (clock, heard) = (Clock::manual(), Heard::default());
    let cache = heard.of(Cache::builder().clock(clock.clone()));
    (cache, clock, heard)
}

#[test]
fn a_stale_value_is_told_with_its_layer_and_then_what_the_background_computed() {
    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn double(x: u64) -> u64 {
        x * 2
    }

    let (cache, clock, heard) = clocked();
    cache.sync_scope(|| double(4));
    assert_eq!(heard.outcomes(), [Outcome::Computed]);
    clock.advance(20 * SECOND);
    cache.sync_scope(|| assert_eq!(double(4), 8));
    let mut told = Vec::new();
    eventually(|| {
        told.extend(heard.take());
        told.len() == 2
    });
    told.sort_by_key(|it| it.outcome.as_str());
    assert_eq!(told[0].outcome, Outcome::Revalidated);
    assert!(told[0].took.is_some());
    assert_eq!(told[1].outcome, Outcome::Stale);
    assert_eq!(told[1].layer, Some((0, String::from("memory"))));
    assert_eq!(told[0].function, told[1].function);
    let stats = double::entries().stats();
    assert_eq!((stats.stale, stats.revalidated), (1, 1));
    assert_eq!(cache.blocking().stats().unwrap().stale, 1);
}

#[test]
fn an_error_beside_an_old_value_is_no_failed_call() {
    static FAILS: AtomicBool = AtomicBool::new(false);

    #[cached(ttl = 10, stale_if_error = 60)]
    fn number() -> Result<u64, String> {
        match FAILS.load(Ordering::SeqCst) {
            true => Err(String::from("no")),
            false => Ok(1),
        }
    }

    let (cache, clock, heard) = clocked();
    cache.sync_scope(|| number().unwrap());
    clock.advance(20 * SECOND);
    FAILS.store(true, Ordering::SeqCst);
    cache.sync_scope(|| assert_eq!(number(), Ok(1)));
    assert_eq!(
        heard.outcomes(),
        [
            Outcome::Computed,
            Outcome::RevalidationFailed,
            Outcome::Stale
        ]
    );
    let stats = number::entries().stats();
    assert_eq!((stats.failed, stats.stale), (1, 1));
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_told_when_nobody_waits_for_it_any_more() {
    #[cached(ttl = 10, stale_if_error = 60, hard_timeout = 2)]
    async fn number() -> Result<u64, Failure> {
        std::future::pending().await
    }

    let (cache, clock, heard) = clocked();
    let call = async {
        let advance = async {
            super::give_way().await;
            clock.advance(2 * SECOND);
        };
        tokio::join!(cache.scope(number()), advance).0
    };
    assert!(call.await.is_err());
    let told = heard.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].outcome, Outcome::TimedOut);
    assert!(told[0].function.is_some() && told[0].key.is_some());
    assert_eq!(number::entries().stats().timeouts, 1);
    assert_eq!(cache.stats().await.unwrap().timed_out, 1);
    let put = cache.scope(async { number::entry().put(7).await });
    put.await.unwrap();
    clock.advance(10 * SECOND);
    let call = async {
        let advance = async {
            super::give_way().await;
            clock.advance(2 * SECOND);
        };
        tokio::join!(cache.scope(number()), advance).0
    };
    assert_eq!(call.await.unwrap(), 7);
    assert_eq!(heard.outcomes(), [Outcome::Stale]);
}

/// Has a computation take two seconds beyond what it does at once.
async fn late<T>(clock: &Clock, call: impl Future<Output = T>, meanwhile: impl AsyncFnOnce()) -> T {
    let advance = async {
        super::give_way().await;
        meanwhile().await;
        clock.advance(2 * SECOND);
    };
    tokio::join!(call, advance).0
}

#[tokio::test]
async fn what_was_put_while_a_call_took_too_long_is_a_hit() {
    #[cached(ttl = 10, stale_if_error = 60, hard_timeout = 2)]
    async fn number() -> Result<u64, Failure> {
        std::future::pending().await
    }

    let (cache, clock, heard) = clocked();
    let put = async || {
        let put = cache.scope(async { number::entry().put(7).await });
        put.await.unwrap();
    };
    let call = late(&clock, cache.scope(number()), put);
    assert_eq!(call.await.unwrap(), 7);
    let told = heard.take();
    assert_eq!((told.len(), told[0].outcome), (1, Outcome::Hit));
    assert_eq!(told[0].layer, Some((0, String::from("memory"))));
    let stats = number::entries().stats();
    assert_eq!((stats.hits, stats.stale, stats.timeouts), (1, 0, 0));
}

#[tokio::test]
async fn a_call_that_takes_too_long_without_its_cache_has_one_end() {
    #[cached(hard_timeout = "20ms", bypass = true)]
    async fn bypassed() -> Result<u64, Failure> {
        std::future::pending().await
    }
    #[cached(hard_timeout = 2)]
    async fn number() -> Result<u64, Failure> {
        std::future::pending().await
    }

    let (cache, clock, heard) = clocked();
    cache.scope(bypassed()).await.unwrap_err();
    assert_eq!(heard.outcomes(), [Outcome::Bypassed]);
    let stats = bypassed::entries().stats();
    assert_eq!((stats.bypassed, stats.timeouts), (1, 0));

    cache.close().await.unwrap();
    let call = late(&clock, cache.scope(number()), async || {});
    call.await.unwrap_err();
    assert_eq!(heard.outcomes(), [Outcome::TimedOut]);
    let stats = number::entries().stats();
    assert_eq!((stats.uncached, stats.timeouts), (0, 1));
}

#[tokio::test]
async fn a_call_that_computes_for_itself_alone_and_takes_too_long_has_one_end() {
    #[cached(key = "stale:alone")]
    async fn other() -> Result<u64, String> {
        super::give_way().await;
        Err(String::from("no"))
    }
    #[cached(key = "stale:alone", hard_timeout = 2)]
    async fn number() -> Result<u64, Failure> {
        std::future::pending().await
    }

    let (cache, clock, heard) = clocked();
    let both = async { tokio::join!(other(), number()) };
    let wait = async || {
        super::give_way().await;
        super::give_way().await;
    };
    late(&clock, cache.scope(both), wait).await.1.unwrap_err();
    assert_eq!(heard.outcomes(), [Outcome::Failed, Outcome::TimedOut]);
    assert_eq!(number::entries().stats().computed, 0);
}

#[tokio::test]
async fn a_value_that_is_due_and_cannot_be_had_anew_is_a_hit() {
    static FAILS: AtomicBool = AtomicBool::new(false);

    #[cached(ttl = 10)]
    async fn number() -> Result<u64, Failure> {
        match FAILS.load(Ordering::SeqCst) {
            true => Err("no".into()),
            false => Ok(1),
        }
    }

    let (clock, heard) = (Clock::manual(), Heard::default());
    let builder = Cache::builder().refresh_ahead(0.5);
    let cache = heard.of(builder.clock(clock.clone()));
    cache.scope(number()).await.unwrap();
    clock.advance(9 * SECOND);
    FAILS.store(true, Ordering::SeqCst);
    assert_eq!(cache.scope(number()).await.unwrap(), 1);
    assert_eq!(
        heard.outcomes(),
        [Outcome::Computed, Outcome::RevalidationFailed, Outcome::Hit]
    );
    let stats = number::entries().stats();
    assert_eq!((stats.hits, stats.stale, stats.failed), (1, 0, 1));
}

#[tokio::test]
async fn a_refresh_that_takes_what_another_call_computed_is_told_and_counted_nowhere() {
    static GO: Semaphore = Semaphore::const_new(0);

    #[cached(key = "stale:shared", ttl = 10)]
    async fn here() -> u64 {
        GO.acquire().await.unwrap().forget();
        1
    }
    #[cached(key = "stale:shared", ttl = 10, stale_while_revalidate = 60)]
    async fn apart() -> u64 {
        2
    }

    let (clock, heard) = (Clock::manual(), Heard::default());
    let builder = Cache::builder().stale_while_revalidate(60 * SECOND);
    let cache = heard.of(builder.clock(clock.clone()));
    cache.scope(apart()).await;
    clock.advance(20 * SECOND);
    heard.take();
    let both = async {
        tokio::join!(here(), async {
            super::give_way().await;
            // It is served at once, and its refresh waits for the other call.
            assert_eq!(apart().await, 2);
            super::give_way().await;
            GO.add_permits(1);
        })
    };
    assert_eq!(cache.scope(both).await.0, 1);
    while cache.stats().await.unwrap().in_background > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(heard.outcomes(), [Outcome::Stale, Outcome::Computed]);
    let stats = apart::entries().stats();
    assert_eq!((stats.stale, stats.revalidated, stats.coalesced), (1, 1, 0));
    assert_eq!(cache.stats().await.unwrap().coalesced, 0);
}
