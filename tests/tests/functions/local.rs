//! `local`.

use std::sync::Arc;

use cachestack::{Cache, FileBackend, MemoryBackend, cached};

use super::{Runs, cache};

/// Nothing is derived.
struct Pool(u64);

#[test]
fn values_need_no_serde_and_are_shared_behind_their_arc() {
    #[derive(Clone)]
    struct Handle(u64);

    #[cached(local)]
    fn pool(id: u64) -> Arc<Pool> {
        Arc::new(Pool(id))
    }
    #[cached(local)]
    fn handle(id: u64) -> Result<Handle, String> {
        Ok(Handle(id))
    }

    cache().sync_scope(|| {
        assert!(Arc::ptr_eq(&pool(1), &pool(1)));
        assert_eq!((pool(2).0, handle(1).unwrap().0), (2, 1));
        assert_eq!(handle::entry(1).peek().unwrap().0, 1);
        assert_eq!(pool::entry(1).peek().unwrap().0, 1);
    });
}

#[test]
fn values_stay_in_memory_layers() {
    static RUNS: Runs = Runs::none();

    #[cached(local)]
    fn number(id: u64) -> u64 {
        RUNS.one_more();
        id
    }

    let folder = tempfile::tempdir().unwrap();
    let file = || FileBackend::builder(folder.path()).build().unwrap();
    let cache = Cache::builder().layer(MemoryBackend::default());
    let cache = cache.layer(file()).build().unwrap();
    cache.sync_scope(|| assert_eq!((number(1), number(1)), (1, 1)));
    cache.blocking().flush().unwrap();
    assert_eq!(RUNS.count(), 1);

    // Where there is no memory, nothing is kept.
    let alone = Cache::from(file());
    alone.sync_scope(|| assert_eq!((number(1), number(1)), (1, 1)));
    assert_eq!(RUNS.count(), 3);
}
