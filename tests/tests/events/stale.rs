//! Stale values and what is computed beside them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachestack::{Cache, Clock, Outcome, cached};
use cachestack_tests::eventually;

use super::Heard;

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
    async fn number() -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
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
    cache.scope(number::entry().put(7)).await.unwrap();
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
