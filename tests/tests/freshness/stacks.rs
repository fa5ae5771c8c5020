//! Stale values in stacks: memory over a store that others share.

use std::time::Duration;

use cachestack::{Cache, Clock, FileBackend, MemoryBackend, cached};

use super::{Runs, SECOND, in_time};

/// Memory over files, as one of several processes has it.
fn process(folder: &tempfile::TempDir, clock: &Clock) -> Cache {
    let files = FileBackend::builder(folder.path()).build().unwrap();
    Cache::builder()
        .layer(MemoryBackend::default())
        .layer(files)
        .clock(clock.clone())
        .build()
        .unwrap()
}

#[tokio::test]
async fn what_another_process_computed_meanwhile_is_taken_and_not_computed_again() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> usize {
        RUNS.one_more()
    }

    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual());
    let (one, other) = (process(&folder, &clock), process(&folder, &clock));
    let all = async {
        assert_eq!(one.scope(number()).await, 0);
        assert_eq!(other.scope(number()).await, 0);
        // Files write times down to the next millisecond.
        clock.advance(11 * SECOND);
        assert_eq!(one.scope(number()).await, 0);
        one.flush().await.unwrap();
        assert_eq!(one.scope(number()).await, 1);
        // Its memory is stale, the files are not.
        assert_eq!(other.scope(number()).await, 0);
        other.flush().await.unwrap();
        assert_eq!(other.scope(number()).await, 1);
        assert_eq!(RUNS.count(), 2);
        // What the background found is nobody's hit.
        let stats = number::entries().stats();
        assert_eq!((stats.hits, stats.stale, stats.computed), (3, 2, 2));
    };
    in_time(all).await;
}

#[tokio::test]
async fn after_a_restart_an_old_value_is_as_old_as_it_was() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 20, stale_if_error = 100)]
    async fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            0 => Ok(7),
            _ => Err("no".to_owned()),
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let first = Clock::manual();
    let cache = process(&folder, &first);
    assert_eq!(cache.scope(number()).await, Ok(7));
    cache.close().await.unwrap();
    // A process of its own has a clock of its own: it began at another moment.
    let second = Clock::manual();
    second.advance(Duration::from_secs(15));
    let cache = process(&folder, &second);
    assert_eq!(cache.scope(number()).await, Ok(7));
    cache.flush().await.unwrap();
    let stats = number::entries().stats();
    assert_eq!((stats.stale, stats.revalidated), (1, 1));
    second.advance(Duration::from_secs(50));
    assert_eq!(cache.scope(number()).await, Ok(7));
    second.advance(Duration::from_secs(100));
    assert_eq!(cache.scope(number()).await, Err("no".to_owned()));
}

#[test]
fn a_stale_value_that_is_found_below_serves_a_sync_call_with_a_timeout() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_if_error = 600, timeout = 3600)]
    fn number() -> Result<usize, String> {
        Ok(RUNS.one_more())
    }

    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual());
    process(&folder, &clock).sync_scope(|| assert_eq!(number(), Ok(0)));
    clock.advance(11 * SECOND);
    let cache = process(&folder, &clock);
    cache.sync_scope(|| assert_eq!(number(), Ok(1)));
    assert_eq!(RUNS.count(), 2);
    let (stats, by_function) = (cache.blocking().stats().unwrap(), number::entries().stats());
    assert_eq!((stats.computed, stats.coalesced), (1, 1));
    assert_eq!((by_function.computed, by_function.coalesced), (2, 1));
}

#[tokio::test]
async fn a_refresh_ahead_reaches_every_layer() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, refresh_ahead = 0.5)]
    async fn number() -> usize {
        RUNS.one_more()
    }

    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual());
    let cache = process(&folder, &clock);
    let all = async {
        assert_eq!(cache.scope(number()).await, 0);
        clock.advance(6 * SECOND);
        assert_eq!(cache.scope(number()).await, 0);
        cache.flush().await.unwrap();
        clock.advance(5 * SECOND);
        let restarted = process(&folder, &clock);
        assert_eq!(restarted.scope(number()).await, 1);
        restarted.flush().await.unwrap();
    };
    in_time(all).await;
}
