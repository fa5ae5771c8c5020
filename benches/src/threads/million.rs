//! The same with a million keys, which no cache of a processor holds.

use std::sync::LazyLock;

use cachestack::{Cache, cached};

use super::{Hit, NOTHING, call, spread};
use crate::body;
use crate::hits::{moka, ours, raw};
use crate::keys::{Sequence, Uniform};
use crate::measure::Role;
use crate::table::Table;

const KEYS: usize = 1_000_000;

static LARGE: LazyLock<Cache> = LazyLock::new(|| ours::cache(2 * KEYS));

static LARGE_WITHOUT_COPIES: LazyLock<Cache> =
    LazyLock::new(|| ours::cache_without_copies(2 * KEYS));

#[cached(ttl = 3600, cache = &*LARGE)]
fn double(id: u64) -> u64 {
    body::double(id)
}

#[cached(ttl = 3600, cache = &*LARGE_WITHOUT_COPIES)]
fn double_without_copies(id: u64) -> u64 {
    body::double(id)
}

mod locked {
    use crate::body;
    use cached::macros::cached;

    #[cached(ttl_secs = 3600)]
    pub fn double(id: u64) -> u64 {
        body::double(id)
    }
}

mod sharded {
    use crate::body;
    use cached::macros::concurrent_cached;

    #[concurrent_cached(ttl_secs = 3600)]
    pub fn double(id: u64) -> u64 {
        body::double(id)
    }
}

/// Adds the rows. What it leaves of the heap is scattered: rows that allocate are to be measured before.
pub fn run(table: &mut Table) {
    let uniform = |worker| Sequence::Uniform(Uniform::new(KEYS, worker + 1));
    spread(table, "1,000,000 keys", &[1, 2], KEYS, uniform, functions);
}

fn functions() -> Vec<Hit> {
    let hit = |name, role, call| Hit { name, role, call };
    let cache = moka::cache::<u64, u64>(2 * KEYS as u64);
    let of_moka = move |key| cache.get_with(key as u64, || body::double(key as u64));
    vec![
        hit("ours", Role::Ours, call(|key| double(key as u64))),
        hit("cached", Role::Peer, call(|key| locked::double(key as u64))),
        hit(
            "concurrent",
            Role::Peer,
            call(|key| sharded::double(key as u64)),
        ),
        hit("moka", Role::Peer, call(of_moka)),
        hit("raw", Role::Raw, call(raw::double_of(KEYS))),
        hit(
            ours::NO_COPIES,
            Role::Aside,
            call(|key| double_without_copies(key as u64)),
        ),
        hit(NOTHING, Role::Aside, call(|key| key)),
    ]
}
