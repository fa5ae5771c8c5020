//! `none_ttl = ...`.

use std::time::Duration;

use cachestack::cached;

use super::{Runs, with_clock};

#[test]
fn absence_lives_for_a_time_of_its_own() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 60, none_ttl = 5)]
    fn find(id: u64) -> Option<u64> {
        RUNS.one_more();
        id.checked_sub(1)
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!((find(0), find(0), find(1)), (None, None, Some(0)));
        assert_eq!(RUNS.count(), 2);
        clock.advance(Duration::from_secs(5));
        assert_eq!((find(0), find(1)), (None, Some(0)));
        assert_eq!(RUNS.count(), 3);
    });
}

#[tokio::test]
async fn absence_inside_of_ok_is_seen_too() {
    static RUNS: Runs = Runs::none();

    #[cached(none_ttl = "1s")]
    async fn find(id: u64) -> Result<Option<u64>, String> {
        RUNS.one_more();
        Ok(id.checked_sub(1))
    }

    let (cache, clock) = with_clock();
    let all = async {
        find(0).await.unwrap();
        find(1).await.unwrap();
        clock.advance(Duration::from_secs(1));
        find(0).await.unwrap();
        find(1).await.unwrap();
        assert_eq!(RUNS.count(), 3);
    };
    cache.scope(all).await;
}

#[test]
fn it_stands_beside_a_ttl_by_value_and_holds_for_what_is_put_by_hand() {
    #[cached(ttl = |it: &Option<u64>| Duration::from_secs(it.unwrap_or(99)), none_ttl = 2)]
    fn find(id: u64) -> Option<u64> {
        id.checked_sub(1)
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!((find(0), find(5)), (None, Some(4)));
        find::entry(9).blocking().put(None).unwrap();
        clock.advance(Duration::from_secs(2));
        assert_eq!(find::entry(0).peek(), None);
        assert_eq!(find::entry(9).peek(), None);
        assert_eq!(find::entry(5).peek(), Some(Some(4)));
        clock.advance(Duration::from_secs(2));
        assert_eq!(find::entry(5).peek(), None);
    });
}

#[test]
fn a_computed_none_ttl_of_zero_keeps_no_absence() {
    static RUNS: Runs = Runs::none();

    #[cached(none_ttl = Duration::from_secs(id))]
    fn find(id: u64) -> Option<u64> {
        RUNS.one_more();
        None
    }

    let (cache, _clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!((find(0), find(0)), (None, None));
        assert_eq!((find(1), find(1)), (None, None));
        assert_eq!(RUNS.count(), 3);
    });
}
