//! Without anything at hand all is as with it; a store whose order is strict hears of each hit.

use cachestack::{Backend, EvictionPolicy, MemoryBackend, cached};
use cachestack_tests::within;

use super::{PATIENCE, Shop};

#[cached]
fn number(id: u64) -> u64 {
    id + 1
}

#[cached]
fn text(id: u64) -> String {
    id.to_string()
}

#[test]
fn nothing_is_at_hand_where_that_is_switched_off_and_all_the_same_is_counted() {
    within(PATIENCE, || {
        let shop = Shop::over(MemoryBackend::builder().at_hand(0));
        assert!(shop.memory.changes().is_none());
        shop.cache.sync_scope(|| {
            for _ in 0..10 {
                assert_eq!((number(1), text(1)), (2, String::from("1")));
            }
        });
        let stats = shop.cache.blocking().stats().unwrap();
        assert_eq!((stats.computed, stats.stack.hits), (2, 18));
        assert_eq!(stats.stack.layers[0].hits, 18);
    });
}

#[test]
fn a_thread_keeps_as_many_as_it_may_and_serves_the_rest_too() {
    within(PATIENCE, || {
        for (at_hand, ids) in [(1, 300), (2, 300), (100, 300), (1_000_000, 1_500)] {
            let shop = Shop::over(MemoryBackend::builder().at_hand(at_hand));
            shop.cache.sync_scope(|| {
                for _ in 0..3 {
                    for id in 0..ids {
                        assert_eq!(number(id), id + 1, "{at_hand}");
                    }
                }
                shop.to_hand(1, || assert_eq!(number(7), 8));
            });
            let stats = shop.cache.blocking().stats().unwrap();
            assert_eq!(stats.computed, ids, "{at_hand}");
            assert_eq!(stats.stack.hits, stats.stack.layers[0].hits, "{at_hand}");
        }
    });
}

#[test]
fn a_thread_that_seldom_finds_anything_at_hand_stops_looking_for_a_while() {
    within(PATIENCE, || {
        let shop = Shop::over(MemoryBackend::builder().at_hand(100));
        shop.cache.sync_scope(|| {
            // All of them take turns, so that none is at hand when it comes again.
            for look in 0..4_000 {
                let id = look % 1_000;
                assert_eq!(number(id), id + 1);
            }
            let before = shop.by_copies();
            (0..100).for_each(|_| assert_eq!(number(7), 8));
            assert_eq!(shop.by_copies(), before);
            // A while is in times of the look-ups that it took to see that.
            (0..17 * 4_000).for_each(|_| assert_eq!(number(7), 8));
            assert!(shop.by_copies() > before);
        });
    });
}

#[test]
fn a_store_with_a_strict_order_has_nothing_at_hand() {
    within(PATIENCE, || {
        for policy in [
            EvictionPolicy::Lru,
            EvictionPolicy::Lfu,
            EvictionPolicy::Ttl,
        ] {
            let shop = Shop::over(MemoryBackend::builder().policy(policy).max_entries(2));
            assert!(shop.memory.changes().is_none(), "{policy:?}");
            shop.cache.sync_scope(|| {
                (0..3).for_each(|_| assert_eq!(number(1), 2));
            });
        }
        assert!(MemoryBackend::default().changes().is_some());
    });
}

#[test]
fn each_hit_counts_for_a_strict_order() {
    within(PATIENCE, || {
        for policy in [EvictionPolicy::Lru, EvictionPolicy::Lfu] {
            let shop = Shop::over(MemoryBackend::builder().policy(policy).max_entries(2));
            shop.cache.sync_scope(|| {
                number(1);
                number(2);
                number(2);
                (0..3).for_each(|_| assert_eq!(number(1), 2));
                number(3);
                assert_eq!(number::entry(1).peek(), Some(2), "{policy:?}");
                assert_eq!(number::entry(2).peek(), None, "{policy:?}");
            });
        }
    });
}
