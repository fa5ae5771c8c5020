//! Nobody is given the value of another function, of another instance of it or of another cache.

use std::sync::Arc;

use cachestack::{cached, invalidate};
use cachestack_tests::within;

use super::{PATIENCE, Shop};

#[test]
fn two_functions_with_the_same_arguments_stay_apart() {
    #[cached]
    fn one(id: u64) -> u64 {
        id + 1
    }
    #[cached]
    fn two(id: u64) -> u64 {
        id + 2
    }
    #[cached]
    fn three(id: u64) -> String {
        format!("{id}")
    }
    #[cached]
    fn four(id: u64) -> String {
        format!("four {id}")
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for _ in 0..5 {
                for id in 0..50 {
                    assert_eq!((one(id), two(id)), (id + 1, id + 2));
                    assert_eq!(three(id), format!("{id}"));
                    assert_eq!(four(id), format!("four {id}"));
                }
            }
            one::entry(7).blocking().invalidate().unwrap();
            one(7);
            assert_eq!((one(7), two(7)), (8, 9));
            assert_eq!(two::entries().stats().computed, 50);
        });
    });
}

#[test]
fn functions_that_share_a_key_share_what_is_at_hand_of_it() {
    #[cached(key = "front:shared:{id}")]
    fn one(id: u64) -> u64 {
        id + 1
    }
    #[cached(key = "front:shared:{id}")]
    fn two(id: u64) -> u64 {
        id + 2
    }
    #[invalidate(key = "front:shared:{id}")]
    fn change(id: u64) {
        let _ = id;
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for _ in 0..3 {
                (0..3).for_each(|_| assert_eq!((one(1), two(1)), (2, 2)));
                change(1);
                (0..3).for_each(|_| assert_eq!((two(1), one(1)), (3, 3)));
                change(1);
            }
        });
    });
}

#[test]
fn instances_of_a_generic_function_stay_apart() {
    #[cached]
    fn size<T>(id: u64) -> (usize, u64) {
        (size_of::<T>(), id)
    }
    #[cached]
    fn constant<const N: u64>(id: u64) -> u64 {
        N + id
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for _ in 0..5 {
                assert_eq!((size::<u8>(1), size::<u16>(1)), ((1, 1), (2, 1)));
                assert_eq!((size::<u32>(1), size::<u16>(2)), ((4, 1), (2, 2)));
                assert_eq!((constant::<1>(1), constant::<2>(1)), (2, 3));
            }
        });
    });
}

#[test]
fn caches_of_two_scopes_stay_apart() {
    #[cached]
    fn number(id: u64) -> u64 {
        id
    }
    #[cached]
    fn shared(id: u64) -> Arc<u64> {
        Arc::new(id)
    }

    within(PATIENCE, || {
        let shops = [Shop::new(), Shop::new()];
        for (shop, value) in shops.iter().zip([10, 20]) {
            shop.cache.sync_scope(|| {
                number::entry(1).blocking().put(value).unwrap();
                shared::entry(1).blocking().put(Arc::new(value)).unwrap();
            });
        }
        for _ in 0..5 {
            for (shop, value) in shops.iter().zip([10, 20]) {
                shop.cache.sync_scope(|| {
                    assert_eq!((number(1), *shared(1)), (value, value));
                });
            }
        }
        shops[0].cache.sync_scope(|| {
            // Within one another too.
            shops[1].cache.sync_scope(|| assert_eq!(number(1), 20));
            assert_eq!(number(1), 10);
        });
    });
}

#[test]
fn more_functions_than_a_thread_finds_at_once_are_all_served() {
    #[cached]
    fn number<const N: usize>(id: usize) -> usize {
        1_000 * N + id
    }

    macro_rules! each {
        ($($tens:literal)+) => {
            $(
                assert_eq!(number::<{ 10 * $tens }>(1), 10_000 * $tens + 1);
                assert_eq!(number::<{ 10 * $tens + 1 }>(1), 10_000 * $tens + 1_001);
                assert_eq!(number::<{ 10 * $tens + 2 }>(1), 10_000 * $tens + 2_001);
                assert_eq!(number::<{ 10 * $tens + 3 }>(1), 10_000 * $tens + 3_001);
                assert_eq!(number::<{ 10 * $tens + 4 }>(1), 10_000 * $tens + 4_001);
            )+
        };
    }

    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for _ in 0..5 {
                each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
            }
        });
        assert_eq!(shop.cache.blocking().stats().unwrap().computed, 100);
        assert_eq!(shop.cache.blocking().stats().unwrap().stack.hits, 400);
    });
}
