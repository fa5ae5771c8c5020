//! `error_ttl = ...`.

use std::time::Duration;

use cachestack::{Cache, FileBackend, MemoryBackend, cached};

use super::{Runs, cache, with_clock};

#[test]
fn a_failure_is_kept_for_its_time_and_values_for_theirs() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 60, error_ttl = 1)]
    fn find(id: u64) -> Result<u64, String> {
        RUNS.one_more();
        id.checked_sub(1).ok_or_else(|| "none".to_owned())
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        for _ in 0..2 {
            assert_eq!(find(0).unwrap_err(), "none");
            assert_eq!(find(1), Ok(0));
        }
        assert_eq!(RUNS.count(), 2);
        // It is no value.
        assert_eq!(find::entry(0).peek(), None);
        clock.advance(Duration::from_secs(1));
        assert_eq!(find(0).unwrap_err(), "none");
        assert_eq!(find(1), Ok(0));
        assert_eq!(RUNS.count(), 3);
    });
}

#[tokio::test]
async fn an_invalidation_forgets_a_failure_too() {
    static RUNS: Runs = Runs::none();

    #[cached(error_ttl = 50)]
    async fn find(id: u64) -> Result<u64, String> {
        match RUNS.one_more() {
            0 => Err("not yet".to_owned()),
            _ => Ok(id),
        }
    }

    let (cache, _clock) = with_clock();
    let all = async {
        find(1).await.unwrap_err();
        find(1).await.unwrap_err();
        find::entry(1).invalidate().await.unwrap();
        assert_eq!(find(1).await, Ok(1));
        assert_eq!(RUNS.count(), 2);
    };
    cache.scope(all).await;
}

#[test]
fn a_failure_is_kept_in_memory_only() {
    static RUNS: Runs = Runs::none();

    #[cached(error_ttl = 50)]
    fn fails() -> Result<u64, String> {
        RUNS.one_more();
        Err("no".to_owned())
    }

    let folder = tempfile::tempdir().unwrap();
    let file = || FileBackend::builder(folder.path()).build().unwrap();
    let cache = Cache::builder().layer(MemoryBackend::default());
    let cache = cache.layer(file()).build().unwrap();
    cache.sync_scope(|| {
        fails().unwrap_err();
        fails().unwrap_err();
    });
    cache.blocking().flush().unwrap();
    assert_eq!(RUNS.count(), 1);
    Cache::from(file()).sync_scope(|| fails().unwrap_err());
    assert_eq!(RUNS.count(), 2);
}

#[test]
fn an_error_that_cannot_be_cloned_is_made_anew() {
    static RUNS: Runs = Runs::none();

    #[cached(error_ttl = 1, share_err = |e: &std::io::Error| e.kind().into())]
    fn fails() -> std::io::Result<u64> {
        RUNS.one_more();
        Err(std::io::Error::new(std::io::ErrorKind::NotFound, "gone"))
    }

    let (cache, _clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!(fails().unwrap_err().to_string(), "gone");
        assert_eq!(fails().unwrap_err().kind(), std::io::ErrorKind::NotFound);
        assert_eq!(RUNS.count(), 1);
        assert_eq!(fails::entries().stats().failed, 1);
    });
}

#[test]
fn without_it_no_failure_is_kept() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 60)]
    fn fails() -> Result<u64, String> {
        RUNS.one_more();
        Err("no".to_owned())
    }

    let (cache, _clock) = with_clock();
    cache.sync_scope(|| (fails().unwrap_err(), fails().unwrap_err()));
    assert_eq!(RUNS.count(), 2);
}

#[test]
fn a_closure_tells_how_long_an_error_is_kept() {
    static RUNS: Runs = Runs::none();

    #[cached(error_ttl = |e: &String| match e.as_str() { "no 1" => Duration::from_secs(60), _ => Duration::ZERO })]
    fn find(id: u64) -> Result<u64, String> {
        RUNS.one_more();
        Err(format!("no {id}"))
    }

    cache().sync_scope(|| {
        for id in [1, 1, 2, 2] {
            assert_eq!(find(id), Err(format!("no {id}")));
        }
    });
    assert_eq!(RUNS.count(), 3);
}
