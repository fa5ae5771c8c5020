//! `ttl = ...`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachestack::cached;

use super::{Runs, with_clock};

#[test]
fn a_value_lives_for_its_ttl_and_not_longer() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 60)]
    fn seconds() -> usize {
        RUNS.one_more()
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!(seconds(), 0);
        clock.advance(Duration::from_millis(59_999));
        assert_eq!(seconds(), 0);
        clock.advance(Duration::from_millis(1));
        assert_eq!(seconds(), 1);
    });
}

#[test]
fn a_ttl_is_seconds_a_text_or_an_expression_and_else_the_caches() {
    fn half_of(seconds: u64) -> Duration {
        Duration::from_secs(seconds) / 2
    }
    const HALF: Duration = Duration::from_millis(500);

    #[cached(ttl = 0.5)]
    fn fraction() {}
    #[cached(ttl = "1m 30s")]
    fn text() {}
    #[cached(ttl = HALF * 4)]
    fn constant() {}
    #[cached(ttl = half_of(14))]
    fn computed() {}
    #[cached]
    fn default() {}

    let (cache, _clock) = with_clock();
    cache.sync_scope(|| {
        fraction();
        text();
        constant();
        computed();
        default();
        let keys = [
            (fraction::entry().key().unwrap().to_owned(), 500),
            (text::entry().key().unwrap().to_owned(), 90_000),
            (constant::entry().key().unwrap().to_owned(), 2_000),
            (computed::entry().key().unwrap().to_owned(), 7_000),
            (default::entry().key().unwrap().to_owned(), 100_000),
        ];
        for (key, millis) in keys {
            let found = cache.blocking().get_with_ttl::<()>(&key).unwrap();
            assert_eq!(found, Some(((), Some(Duration::from_millis(millis)))));
        }
    });
}

#[test]
fn a_computed_ttl_of_zero_keeps_nothing() {
    static RUNS: Runs = Runs::none();
    static TTL: AtomicU64 = AtomicU64::new(0);

    #[cached(ttl = Duration::from_secs(TTL.load(Ordering::SeqCst)))]
    fn number() -> usize {
        RUNS.one_more()
    }

    let (cache, _clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!((number(), number()), (0, 1));
        // Nor does a value that is put by hand stay.
        number::entry().blocking().put(9).unwrap();
        assert_eq!(number::entry().peek(), None);
        TTL.store(1, Ordering::SeqCst);
        assert_eq!((number(), number()), (2, 2));
    });
    assert_eq!(cache.blocking().stats().unwrap().refused, 2);
}

#[test]
fn a_value_that_is_put_by_hand_lives_as_long_as_a_computed_one() {
    #[cached(ttl = 60)]
    fn number() -> u64 {
        1
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        number::entry().blocking().put(2).unwrap();
        clock.advance(Duration::from_secs(59));
        assert_eq!(number(), 2);
        clock.advance(Duration::from_secs(1));
        assert_eq!(number(), 1);
    });
}

#[test]
fn a_closure_tells_the_time_of_each_value() {
    #[cached(ttl = |it: &Vec<u64>| Duration::from_secs(it.len() as u64))]
    fn many(n: u64) -> Vec<u64> {
        vec![n; usize::try_from(n).unwrap()]
    }
    #[cached(ttl = |it| it.then_some(Duration::from_secs(1)))]
    fn short(short: bool) -> Result<bool, String> {
        Ok(short)
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        many(1);
        many(2);
        // Zero keeps nothing.
        assert_eq!(many(0), [0; 0]);
        assert_eq!(many::entry(0).peek(), None);
        short(true).unwrap();
        short(false).unwrap();
        many::entry(9).blocking().put(vec![0; 2]).unwrap();
        clock.advance(Duration::from_secs(1));
        assert_eq!(many::entry(1).peek(), None);
        assert_eq!(many::entry(2).peek(), Some(vec![2, 2]));
        assert_eq!(many::entry(9).peek(), Some(vec![0, 0]));
        // `None` is the cache's own time.
        assert_eq!(short::entry(true).peek(), None);
        assert_eq!(short::entry(false).peek(), Some(false));
        clock.advance(Duration::from_secs(1));
        assert_eq!(many::entry(9).peek(), None);
    });
}
