//! How many of the wanted entries a full memory still has.

use std::num::NonZeroUsize;

use cachestack::{Cache, EvictionPolicy, MemoryBackend};

use crate::hits::moka;
use crate::keys::{Draw, Trace, text};
use crate::measure::{Cell, Role};
use crate::table::{Heading, Table, Unit};

const RATE: Heading = Heading {
    name: "eviction",
    unit: Unit::Percent,
    about: "hit rate in % of 1,000,000 accesses to 100,000 keys by Zipf, room for 1,000 entries; what a scan reads is not counted",
};

const ROOM: usize = 1_000;
const KEYS: usize = 100_000;
const ACCESSES: usize = 1_000_000;
/// How often a scan comes, and how many keys it reads once.
const SCAN_EVERY: usize = 50_000;
const SCAN: usize = 10_000;

/// Looks it up, stores it where it is missing, and says whether it was there.
type Access = Box<dyn FnMut(u64) -> bool>;

/// Adds the rows.
pub fn run(table: &mut Table) {
    for (name, scans) in [("Zipf", false), ("Zipf, with scans", true)] {
        if !table.wants(&RATE, name) {
            continue;
        }
        let contenders = [
            ("ours, S3-FIFO", Role::Ours, ours(EvictionPolicy::S3Fifo)),
            ("ours, LRU", Role::Ours, ours(EvictionPolicy::Lru)),
            ("ours, LFU", Role::Ours, ours(EvictionPolicy::Lfu)),
            ("moka", Role::Peer, by_moka()),
            ("lru", Role::Peer, by_lru()),
            ("raw quick_cache", Role::Raw, by_quick_cache()),
        ];
        let cells = contenders.map(|(contender, role, access)| {
            Cell::exact(contender, role, rate(scans, access) * 100.0)
        });
        table.add(&RATE, name, cells.into());
    }
}

/// The part of the trace's accesses that were hits.
fn rate(scans: bool, mut access: Access) -> f64 {
    let mut trace = Trace::zipf(KEYS, ACCESSES, 1);
    let (mut hits, mut scanned) = (0, KEYS as u64);
    for at in 0..ACCESSES {
        if scans && at % SCAN_EVERY == SCAN_EVERY - 1 {
            for key in scanned..scanned + SCAN as u64 {
                access(key);
            }
            scanned += SCAN as u64;
        }
        hits += usize::from(access(trace.next() as u64));
    }
    hits as f64 / ACCESSES as f64
}

fn ours(policy: EvictionPolicy) -> Access {
    let memory = MemoryBackend::builder().policy(policy).max_entries(ROOM);
    let cache = Cache::from(memory.build().expect("a memory")).blocking();
    Box::new(move |key| {
        let key = text(key as usize);
        let found = cache.get::<u64>(&key).expect("a memory does not fail");
        if found.is_none() {
            cache
                .set(&key, 1_u64, None)
                .expect("a memory does not fail");
        }
        found.is_some()
    })
}

fn by_moka() -> Access {
    let cache = moka::cache::<u64, u64>(ROOM as u64);
    Box::new(move |key| {
        let found = cache.get(&key).is_some();
        if !found {
            cache.insert(key, 1);
        }
        found
    })
}

fn by_lru() -> Access {
    let room = NonZeroUsize::new(ROOM).expect("not zero");
    let mut cache = lru::LruCache::<u64, u64>::new(room);
    Box::new(move |key| {
        let found = cache.get(&key).is_some();
        if !found {
            cache.put(key, 1);
        }
        found
    })
}

fn by_quick_cache() -> Access {
    let cache = quick_cache::sync::Cache::<u64, u64>::new(ROOM);
    Box::new(move |key| {
        let found = cache.get(&key).is_some();
        if !found {
            cache.insert(key, 1);
        }
        found
    })
}
