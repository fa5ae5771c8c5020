//! `refresh_ahead = ...` and `jitter = ...`.

use std::collections::BTreeSet;
use std::time::Duration;

use cachestack::{TimeLeft, cached};

use super::{Runs, SECOND, built, in_time, with_clock};

#[tokio::test]
async fn a_hit_near_the_end_of_the_ttl_has_the_value_computed_anew() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, refresh_ahead = 0.8)]
    async fn number() -> usize {
        RUNS.one_more()
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number().await, 0);
        clock.advance(7 * SECOND);
        assert_eq!(number().await, 0);
        cache.flush().await.unwrap();
        assert_eq!(RUNS.count(), 1);
        clock.advance(SECOND);
        assert_eq!(number().await, 0);
        cache.flush().await.unwrap();
        assert_eq!((number().await, RUNS.count()), (1, 2));
        // Nothing was stale: the hits were hits.
        let stats = number::entries().stats();
        assert_eq!((stats.hits, stats.stale, stats.revalidated), (3, 0, 1));
        clock.advance(10 * SECOND);
        assert_eq!(number().await, 2);
    };
    in_time(cache.scope(all)).await;
}

#[test]
fn a_refresh_ahead_that_fails_costs_nobody_anything() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, refresh_ahead = 0.5)]
    fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            1 => Err("no".to_owned()),
            run => Ok(run),
        }
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(0));
        clock.advance(5 * SECOND);
        for _ in 0..10 {
            assert_eq!(number(), Ok(0));
            cache.blocking().flush().unwrap();
        }
        assert_eq!(RUNS.count(), 2);
        clock.advance(5 * SECOND);
        assert_eq!(number(), Ok(2));
    });
}

#[test]
fn a_ttl_with_jitter_is_shorter_by_a_part_of_it_at_most_and_not_always_the_same() {
    #[cached(ttl = 1000, jitter = 0.2)]
    fn number(id: u64) -> u64 {
        id
    }

    let (cache, _clock) = with_clock();
    cache.sync_scope(|| {
        let left = |id| {
            number(id);
            match number::entry(id).blocking().ttl().unwrap() {
                TimeLeft::Left(left) => left,
                other => panic!("{other:?}"),
            }
        };
        let all: BTreeSet<Duration> = (0..50).map(left).collect();
        assert!(all.first() >= Some(&(800 * SECOND)) && all.last() <= Some(&(1000 * SECOND)));
        assert!(all.len() > 40);
    });
}

#[test]
fn the_jitter_of_a_cache_holds_for_all_that_says_nothing_of_it() {
    #[cached]
    fn number() -> u8 {
        7
    }

    let (cache, _clock) = built(|it| it.ttl(1000 * SECOND).jitter(1.0));
    let by_hand = cache.blocking();
    by_hand.set("k", 7_u8, None).unwrap();
    let (_, left) = by_hand.get_with_ttl::<u8>("k").unwrap().unwrap();
    assert!(left.unwrap() < 1000 * SECOND);
    cache.sync_scope(|| {
        number();
        let left = number::entry().blocking().ttl().unwrap();
        assert!(matches!(left, TimeLeft::Left(left) if left < 1000 * SECOND));
    });
}
