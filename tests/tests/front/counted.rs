//! A hit is counted once for the function, for the cache and for its memory, whatever thread had the value at hand.

use std::sync::{Arc, Barrier};
use std::thread;

use cachestack::{Cache, cached};
use cachestack_tests::within;
use futures_executor::block_on;

use super::{PATIENCE, Shop};

/// Hits of the cache's stack, of its memory as the stack tells, and of the memory by itself.
fn hits(shop: &Shop) -> [u64; 3] {
    use cachestack::Backend;

    let stats = shop.cache.blocking().stats().unwrap();
    let memory = block_on(shop.memory.stats()).unwrap();
    [stats.stack.hits, stats.stack.layers[0].hits, memory.hits]
}

#[test]
fn hits_are_counted_exactly_by_threads_that_live_and_that_have_ended() {
    const THREADS: u64 = 8;
    const CALLS: u64 = 1_000;

    #[cached]
    fn number(id: u64) -> u64 {
        id
    }
    #[cached]
    fn text(id: u64) -> String {
        id.to_string()
    }
    #[cached(key = "front:counted:{id}")]
    fn shared(id: u64) -> Arc<u64> {
        Arc::new(id)
    }

    fn call(shop: &Shop) {
        shop.cache.sync_scope(|| {
            for round in 0..CALLS {
                let id = round % 10;
                assert_eq!((number(id), text(id)), (id, id.to_string()));
                assert_eq!(*shared(id), id);
            }
        });
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        let by_functions = || {
            [
                number::entries().stats(),
                text::entries().stats(),
                shared::entries().stats(),
            ]
        };
        // Computed by this thread; so each look-up of the others is a hit.
        call(&shop);
        let mut expected = CALLS - 10;
        let check = |expected: u64| {
            for stats in by_functions() {
                assert_eq!((stats.hits, stats.computed), (expected, 10));
                assert_eq!(stats.hits_by_layer, [expected]);
            }
            assert_eq!(hits(&shop), [3 * expected; 3]);
        };
        check(expected);
        let (reached, go_on) = (Barrier::new(9), Barrier::new(9));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    call(&shop);
                    reached.wait();
                    go_on.wait();
                });
            }
            reached.wait();
            expected += THREADS * CALLS;
            check(expected);
            go_on.wait();
        });
        check(expected);
        for _ in 0..3 {
            thread::scope(|scope| {
                scope.spawn(|| call(&shop));
            });
            expected += CALLS;
            check(expected);
        }
        assert!(shop.by_copies() > 0);
    });
}

#[test]
fn a_memory_counts_the_hits_of_all_caches_over_it_those_that_are_gone_too() {
    #[cached]
    fn number(id: u64) -> u64 {
        id
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| number(1));
        for round in 1..=20 {
            let cache = Cache::builder().layer(shop.memory.clone());
            let cache = cache.clock(shop.clock.clone()).build().unwrap();
            cache.sync_scope(|| (0..5).for_each(|_| assert_eq!(number(1), 1)));
            assert_eq!(cache.blocking().stats().unwrap().stack.hits, 5);
            drop(cache);
            assert_eq!(hits(&shop)[2], 5 * round);
        }
        assert_eq!(number::entries().stats().hits, 100);
    });
}

#[test]
fn two_functions_and_two_caches_count_for_themselves() {
    #[cached]
    fn one(id: u64) -> u64 {
        id
    }
    #[cached]
    fn two(id: u64) -> u64 {
        id
    }

    within(PATIENCE, || {
        let (first, second) = (Shop::new(), Shop::new());
        for _ in 0..10 {
            first.cache.sync_scope(|| (one(1), two(1), two(1)));
            second.cache.sync_scope(|| (one(1), one(1), one(1), two(1)));
        }
        let counted = |stats: cachestack::FunctionStats| (stats.hits, stats.computed);
        assert_eq!(counted(one::entries().stats()), (38, 2));
        assert_eq!(counted(two::entries().stats()), (28, 2));
        assert_eq!(hits(&first), [28; 3]);
        assert_eq!(hits(&second), [38; 3]);
    });
}
