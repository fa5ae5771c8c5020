//! Values whose `Drop` comes back to the cache: stores drop them when no lock is held any more.

use std::sync::atomic::{AtomicU32, Ordering};

use cachestack::{Cache, EvictionPolicy, MemoryBackend, cached};
use serde::{Deserialize, Serialize};

static DROPPED: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Handle(u32);

impl Drop for Handle {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::SeqCst);
        for other in 0..40 {
            plain(other);
        }
    }
}

#[cached]
fn handle(id: u32) -> Handle {
    Handle(id)
}

#[cached]
fn plain(id: u32) -> u32 {
    id
}

#[test]
fn a_value_whose_drop_calls_cached_functions_never_locks_itself_out() {
    for policy in [
        EvictionPolicy::S3Fifo,
        EvictionPolicy::Lru,
        EvictionPolicy::Lfu,
        EvictionPolicy::Ttl,
    ] {
        let memory = MemoryBackend::builder()
            .policy(policy)
            .max_entries(20)
            .build()
            .unwrap();
        let cache = Cache::builder().layer(memory).build().unwrap();
        let before = DROPPED.load(Ordering::SeqCst);
        cache.sync_scope(|| {
            for id in 0..100 {
                assert_eq!(handle(id).0, id);
                handle::entry(id).blocking().put(Handle(id)).unwrap();
                handle::entry(id).blocking().invalidate().unwrap();
                handle(id);
            }
            cache.blocking().clear().unwrap();
        });
        assert!(DROPPED.load(Ordering::SeqCst) > before + 100);
    }
}
