//! Misses and invalidations.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cachestack::{Cache, cached};
use memoize::memoize;

use crate::body::{self, runs};
use crate::hits::{attribute, moka, ours, raw};
use crate::keys::KEYS;
use crate::measure::{Contender, Role};
use crate::table::{Heading, Table, Unit};

const WRITES: Heading = Heading {
    name: "write",
    unit: Unit::Nanoseconds,
    about: "ns an operation; fn(u64) -> u64, one thread",
};

/// How many entries the full memories hold.
const ROOM: usize = 10_000;

static FULL: LazyLock<Cache> = LazyLock::new(|| ours::cache(ROOM));

#[cached(ttl = 3600, cache = &*FULL)]
fn fresh(id: u64) -> u64 {
    body::double(id)
}

#[memoize(Capacity: 10_000, TimeToLive: Duration::from_secs(3600))]
fn fresh_by_memoize(id: u64) -> u64 {
    body::double(id)
}

mod locked {
    use crate::body;
    use cached::macros::cached;

    #[cached(max_size = 10_000, ttl_secs = 3600)]
    pub fn fresh(id: u64) -> u64 {
        body::double(id)
    }
}

mod sharded {
    use crate::body;
    use cached::macros::concurrent_cached;

    #[concurrent_cached(max_size = 10_000, ttl_secs = 3600)]
    pub fn fresh(id: u64) -> u64 {
        body::double(id)
    }
}

/// Adds the rows.
pub fn run(table: &mut Table) {
    table.row(&WRITES, "miss + store, 10,000 entries, full", || {
        let cache = moka::cache::<u64, u64>(ROOM as u64);
        let by_moka = move |id| cache.get_with(id, || body::double(id));
        let raw = raw::insert(ROOM);
        vec![
            misses("ours", Role::Ours, fresh),
            misses("cached", Role::Peer, locked::fresh),
            misses("concurrent", Role::Peer, sharded::fresh),
            misses("memoize", Role::Peer, fresh_by_memoize),
            misses("moka", Role::Peer, by_moka),
            misses("raw", Role::Raw, move |id| raw(id as usize)),
        ]
    });
    table.row(&WRITES, "invalidation of one that is there", || {
        let (by_moka, forget_by_moka) = moka::double_and_forget();
        let (insert, remove) = raw::insert_and_remove();
        vec![
            invalidations("ours", Role::Ours, ours::double, ours::forget),
            invalidations("cached", Role::Peer, attribute::double, attribute::forget),
            invalidations(
                "concurrent",
                Role::Peer,
                attribute::concurrent_double,
                attribute::concurrent_forget,
            ),
            invalidations("moka", Role::Peer, by_moka, forget_by_moka),
            invalidations("raw", Role::Raw, insert, remove),
        ]
    });
}

/// Each call with a key that was never there, in a store that is full.
fn misses<'a, R>(name: &'static str, role: Role, call: impl Fn(u64) -> R + 'a) -> Contender<'a> {
    let mut next = 2 * ROOM as u64;
    (0..next).for_each(|id| drop(call(id)));
    Contender::new(name, role, move |operations| {
        let before = runs();
        let began = Instant::now();
        for id in next..next + operations as u64 {
            std::hint::black_box(call(id));
        }
        let took = began.elapsed();
        next += operations as u64;
        let expected = if role == Role::Raw { 0 } else { operations };
        assert_eq!(
            runs() - before,
            expected,
            "{name} found what was never there"
        );
        took
    })
}

/// Removes what has just been stored; only the removal is timed.
fn invalidations<'a, R>(
    name: &'static str,
    role: Role,
    store: impl Fn(usize) -> R + 'a,
    remove: impl Fn(usize) + 'a,
) -> Contender<'a> {
    Contender::new(name, role, move |operations| {
        let (mut left, mut took) = (operations, Duration::ZERO);
        while left > 0 {
            let keys = left.min(KEYS);
            (0..keys).for_each(|key| drop(store(key)));
            let began = Instant::now();
            (0..keys).for_each(&remove);
            took += began.elapsed();
            left -= keys;
        }
        took
    })
}
