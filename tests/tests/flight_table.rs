//! What flights leave in memory: a process of its own, as the whole of it is looked at.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::thread;

use cachestack::{Cache, MemoryBackend, cached};

/// A million takes half a minute without optimisation.
const KEYS: u64 = if cfg!(debug_assertions) {
    200_000
} else {
    1_000_000
};
const THREADS: u64 = 2;
/// What the allocator may keep of it.
const MOST_GROWTH: u64 = 4 * 1024 * 1024;

/// What the process has in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

#[test]
fn distinct_keys_leave_nothing_in_the_table_and_nothing_in_memory() {
    #[cached]
    fn double(id: u64) -> u64 {
        id * 2
    }

    let memory = MemoryBackend::builder().max_entries(1_000).build();
    let cache = Cache::from(memory.unwrap());
    let call_all = |from: u64, to: u64| {
        thread::scope(|scope| {
            let share = (to - from) / THREADS;
            for nth in 0..THREADS {
                let ids = from + nth * share..from + (nth + 1) * share;
                let calls =
                    || cache.sync_scope(|| ids.for_each(|id| assert_eq!(double(id), id * 2)));
                scope.spawn(calls);
            }
        });
    };
    // Until the store is full and every thread's allocator has what it takes.
    call_all(0, KEYS / 20);
    let before = resident();
    call_all(KEYS / 20, KEYS);
    let growth = resident().saturating_sub(before);
    let stats = cache.blocking().stats().unwrap();
    assert_eq!((stats.computed, stats.in_flight), (KEYS, 0));
    assert!(growth < MOST_GROWTH, "{growth} bytes more than before");
}
