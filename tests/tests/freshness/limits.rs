//! The most that any entry lives, and what limits it.

use cachestack::{MemoryBackend, TimeLeft, cached};

use super::{Runs, SECOND, built, with_clock};

#[test]
fn the_longest_that_a_cache_keeps_anything_includes_stale_times() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 3600)]
    fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            0 => Ok(7),
            _ => Err("no".to_owned()),
        }
    }

    let (cache, clock) = built(|it| it.max_ttl(30 * SECOND));
    cache.sync_scope(|| {
        assert_eq!(number(), Ok(7));
        clock.advance(29 * SECOND);
        assert_eq!(number(), Ok(7));
        clock.advance(SECOND);
        assert!(number().is_err());
    });
}

#[test]
fn a_layer_that_keeps_less_has_it_for_less() {
    #[cached(ttl = 10, stale_if_error = 3600)]
    fn number() -> Result<usize, String> {
        Ok(7)
    }

    let memory = MemoryBackend::builder().max_ttl(20 * SECOND);
    let (cache, _clock) = built(|it| it.layer(memory.build().unwrap()));
    cache.sync_scope(|| {
        number().unwrap();
        let left = number::entry().blocking().ttl().unwrap();
        assert_eq!(left, TimeLeft::Left(20 * SECOND));
    });
}

#[test]
fn without_a_ttl_nothing_becomes_stale() {
    static RUNS: Runs = Runs::none();

    #[cached(stale_while_revalidate = 60)]
    fn number() -> usize {
        RUNS.one_more()
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        number();
        clock.advance(1_000_000 * SECOND);
        assert_eq!((number(), RUNS.count()), (0, 1));
    });
}
