//! Nothing at hand keeps a value, and what is at hand is bounded.

use std::sync::{Arc, Weak};
use std::thread;

use cachestack::{Cache, MemoryBackend, cached};
use cachestack_tests::within;

use super::{PATIENCE, Shop};

/// Shows whether the value of an entry is still anywhere.
#[derive(Clone)]
struct Handle(Arc<()>);

#[cached(local)]
fn handle(id: u64) -> Handle {
    let _ = id;
    Handle(Arc::new(()))
}

#[cached]
fn shared(id: u64) -> Arc<String> {
    Arc::new(id.to_string())
}

fn pointers() -> (Weak<()>, Weak<String>) {
    (Arc::downgrade(&handle(1).0), Arc::downgrade(&shared(1)))
}

fn are_gone((handle, shared): &(Weak<()>, Weak<String>)) -> bool {
    handle.upgrade().is_none() && shared.upgrade().is_none()
}

#[test]
fn a_value_at_hand_is_dropped_at_once_when_its_entry_is_removed() {
    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            shop.to_hand(2, || drop(pointers()));
            let before = pointers();
            assert!(!are_gone(&before));
            handle::entry(1).blocking().invalidate().unwrap();
            shared::entry(1).blocking().invalidate().unwrap();
            assert!(are_gone(&before));

            shop.to_hand(2, || drop(pointers()));
            let before = pointers();
            shop.cache.blocking().clear().unwrap();
            assert!(are_gone(&before));
        });
    });
}

#[test]
fn a_value_at_hand_of_several_threads_is_dropped_when_one_of_them_removes_it() {
    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            shop.to_hand(2, || drop(pointers()));
            let before = pointers();
            let there = {
                let shop = shop.clone();
                thread::spawn(move || {
                    shop.cache.sync_scope(|| {
                        (0..10).for_each(|_| drop(pointers()));
                        handle::entry(1).blocking().invalidate().unwrap();
                        shared::entry(1).blocking().invalidate().unwrap();
                    });
                })
            };
            there.join().unwrap();
            assert!(are_gone(&before));
        });
    });
}

#[test]
fn the_values_of_a_cache_go_with_it() {
    within(PATIENCE, || {
        let shop = Shop::new();
        let before = shop.cache.sync_scope(|| {
            shop.to_hand(2, || drop(pointers()));
            pointers()
        });
        drop(shop);
        assert!(are_gone(&before));
    });
}

#[cached]
fn number(id: u64) -> u64 {
    id + 1
}

/// How many bytes more this thread has after so many caches that it used.
fn bytes_of(caches: u64, use_one: impl Fn(u64)) -> i64 {
    allocation_counter::measure(|| (0..caches).for_each(use_one)).bytes_current
}

fn use_all(cache: &Cache, id: u64) {
    cache.sync_scope(|| {
        for _ in 0..3 {
            assert_eq!(number(id), id + 1);
            assert_eq!(*shared(id), id.to_string());
        }
    });
}

#[test]
fn thousands_of_caches_on_one_thread_do_not_pile_up() {
    within(PATIENCE, || {
        let each_its_own = |id| {
            let memory = MemoryBackend::builder().max_entries(4).build().unwrap();
            use_all(&Cache::builder().layer(memory).build().unwrap(), id);
        };
        bytes_of(100, each_its_own);
        let more = bytes_of(10_000, each_its_own);
        assert!(more < 100_000, "{more} bytes");
    });
}

#[test]
fn thousands_of_caches_over_one_memory_do_not_pile_up() {
    within(PATIENCE, || {
        let memory = MemoryBackend::default();
        let over_it = |id: u64| {
            let cache = Cache::builder().layer(memory.clone()).build().unwrap();
            use_all(&cache, id % 8);
        };
        bytes_of(100, over_it);
        let more = bytes_of(10_000, over_it);
        assert!(more < 100_000, "{more} bytes");
    });
}

#[test]
fn caches_that_are_used_in_turns_are_all_served_however_many_there_are() {
    within(PATIENCE, || {
        let caches: Vec<Cache> = (0..40).map(|_| Cache::builder().build().unwrap()).collect();
        for _ in 0..5 {
            for (cache, id) in caches.iter().zip(0..) {
                use_all(cache, id);
            }
        }
        let computed = |cache: &Cache| cache.blocking().stats().unwrap().computed;
        assert!(caches.iter().all(|cache| computed(cache) == 2));
    });
}
