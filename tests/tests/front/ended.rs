//! A value at hand ends when its entry does: with its time, with its room in memory, with its cache.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachestack::{Backend, MemoryBackend, MemoryBuilder, cached};
use cachestack_tests::within;
use futures_executor::block_on;

use super::{PATIENCE, Shop};

static LAST: AtomicU64 = AtomicU64::new(0);

fn next() -> u64 {
    LAST.fetch_add(1, Ordering::SeqCst)
}

#[cached(ttl = 60)]
fn number(id: u64) -> u64 {
    let _ = id;
    next()
}

#[cached(ttl = 60)]
fn text(id: u64) -> String {
    let _ = id;
    next().to_string()
}

fn values(id: u64) -> [u64; 2] {
    [number(id), text(id).parse().unwrap()]
}

/// Whether each was computed since.
fn are_newer(after: [u64; 2], before: [u64; 2]) -> bool {
    before.iter().zip(after).all(|(it, new)| new > *it)
}

#[test]
fn a_value_at_hand_ends_exactly_with_its_ttl() {
    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            let before = values(1);
            shop.to_hand(2, || assert_eq!(values(1), before));
            shop.clock
                .advance(Duration::from_secs(60) - Duration::from_nanos(1));
            shop.to_hand(2, || assert_eq!(values(1), before));
            shop.clock.advance(Duration::from_nanos(1));
            assert!(are_newer(values(1), before));
        });
    });
}

#[test]
fn by_the_machines_clock_too_a_value_at_hand_ends_with_its_ttl() {
    const TTL: Duration = Duration::from_millis(60);

    #[cached(ttl = TTL)]
    fn short_lived(id: u64) -> u64 {
        let _ = id;
        next()
    }

    within(PATIENCE, || {
        let cache = cachestack::Cache::builder().build().unwrap();
        cache.sync_scope(|| {
            for _ in 0..5 {
                let first = short_lived(1);
                // It was stored before this, so it has surely ended then.
                let ended = Instant::now() + TTL;
                loop {
                    let asked = Instant::now();
                    if short_lived(1) != first {
                        break;
                    }
                    assert!(asked < ended, "{:?} too long", asked - ended);
                }
            }
        });
    });
}

#[test]
fn a_value_at_hand_is_fresh_no_longer_than_its_entry() {
    #[cached(ttl = 60, stale_while_revalidate = 60)]
    fn aging(id: u64) -> u64 {
        let _ = id;
        next()
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            let before = aging(1);
            shop.to_hand(1, || assert_eq!(aging(1), before));
            shop.clock
                .advance(Duration::from_secs(60) - Duration::from_nanos(1));
            shop.to_hand(1, || assert_eq!(aging(1), before));
            assert_eq!(aging::entries().stats().stale, 0);
            shop.clock.advance(Duration::from_nanos(1));
            assert_eq!(aging(1), before);
            assert_eq!(aging::entries().stats().stale, 1);
        });
    });
}

#[test]
fn a_value_at_hand_is_put_with_another_ttl_and_ends_with_that() {
    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            let before = number(1);
            shop.to_hand(1, || assert_eq!(number(1), before));
            let key = number::entry(1).key().unwrap().to_owned();
            let cache = shop.cache.blocking();
            cache.set(key, 77_u64, Duration::from_secs(5)).unwrap();
            shop.to_hand(1, || assert_eq!(number(1), 77));
            shop.clock.advance(Duration::from_secs(5));
            assert_ne!(number(1), 77);
        });
    });
}

#[test]
fn what_is_evicted_is_not_at_hand_any_more() {
    within(PATIENCE, || {
        for max_entries in [4, 64] {
            let shop = Shop::over(MemoryBackend::builder().max_entries(max_entries));
            let evicted = shop.cache.sync_scope(|| evicted_at_hand(&shop));
            assert!(shop.memory.len() <= max_entries);
            assert!(evicted > 10, "{evicted} of {max_entries}");
        }
    });
}

/// How often values that are at hand are evicted by others, each of which has to be computed anew then.
fn evicted_at_hand(shop: &Shop) -> usize {
    let is_there = |key: &str| block_on(shop.memory.exists(&shop.cache.key(key))).unwrap();
    let number_key = number::entry(1).key().unwrap().to_owned();
    let text_key = text::entry(1).key().unwrap().to_owned();
    let mut evicted = 0;
    let mut before = values(1);
    for id in 2..1_500 {
        // Read often enough to take the place of what is not.
        for _ in 0..8 {
            number(id);
        }
        // To ask for them is no use of them.
        let there = [is_there(&number_key), is_there(&text_key)];
        if there == [true, true] {
            continue;
        }
        let after = values(1);
        for (is_there, (old, new)) in there.iter().zip(before.iter().zip(after)) {
            // Computing one may evict the other.
            assert!(*is_there || new > *old, "{before:?}, {after:?}");
            evicted += usize::from(!is_there);
        }
        // At hand again.
        values(1);
        before = values(1);
    }
    evicted
}

#[test]
fn what_is_only_used_at_hand_is_read_again_before_it_is_evicted() {
    #[cached]
    fn used(id: u64) -> u64 {
        let _ = id;
        next()
    }
    #[cached]
    fn once(id: u64) -> u64 {
        id
    }

    // How often what is used all the time was computed among what is used for a moment.
    let computed = |memory: MemoryBuilder| {
        let shop = Shop::over(memory);
        let before = used::entries().stats().computed;
        shop.cache.sync_scope(|| {
            for id in 0..3_000 {
                (0..3).for_each(|_| assert_eq!(once(id), id));
                used(id % 10);
            }
        });
        used::entries().stats().computed - before
    };
    within(PATIENCE, move || {
        let by_entries = |at_hand| MemoryBackend::builder().at_hand(at_hand).max_entries(100);
        let by_weight = |at_hand| {
            let memory = MemoryBackend::builder().at_hand(at_hand);
            memory.max_weight_bytes(100, |_, _| 1)
        };
        for (at_hand, without) in [
            (by_entries(8_192), by_entries(0)),
            (by_weight(8_192), by_weight(0)),
        ] {
            let (at_hand, without) = (computed(at_hand), computed(without));
            assert!(at_hand < 2 * without, "{at_hand}, not {without}");
        }
    });
}

#[test]
fn a_closed_cache_serves_nothing_from_hand() {
    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            let before = values(1);
            shop.to_hand(2, || assert_eq!(values(1), before));
            shop.cache.blocking().close().unwrap();
            let after = values(1);
            assert!(are_newer(after, before));
            assert!(are_newer(values(1), after), "each call computes");
        });
    });
}

#[test]
fn another_cache_over_the_same_memory_serves_what_it_has() {
    within(PATIENCE, || {
        let shop = Shop::new();
        let other = cachestack::Cache::builder().layer(shop.memory.clone());
        let other = other.clock(shop.clock.clone()).build().unwrap();
        let before = shop.cache.sync_scope(|| values(1));
        shop.cache.sync_scope(|| {
            shop.to_hand(2, || assert_eq!(values(1), before));
        });
        other.sync_scope(|| {
            shop.to_hand(2, || assert_eq!(values(1), before));
            number::entry(1).blocking().invalidate().unwrap();
            text::entry(1).blocking().invalidate().unwrap();
        });
        assert!(are_newer(shop.cache.sync_scope(|| values(1)), before));
    });
}
