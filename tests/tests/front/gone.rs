//! Whatever removes or replaces an entry reaches what threads have at hand of it before it returns.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use cachestack::{Backend, Entry, MemoryBackend, cached, invalidate};
use cachestack_tests::within;
use futures_executor::block_on;

use super::{PATIENCE, Shop};

static LAST: AtomicU64 = AtomicU64::new(1_000);

/// A number that nobody had before.
fn next() -> u64 {
    LAST.fetch_add(1, Ordering::SeqCst)
}

/// Copied.
#[cached(tags = ["front:{id}"])]
fn number(id: u64) -> u64 {
    let _ = id;
    next()
}

/// Found by a pointer, and cloned.
#[cached(tags = ["front:{id}"])]
fn text(id: u64) -> String {
    let _ = id;
    next().to_string()
}

/// Found by a pointer, by a key that is too long to be told in short.
#[cached(tags = ["front:{id}"], key = "a key that is longer than what is told in short:{id}")]
fn shared(id: u64) -> Arc<String> {
    let _ = id;
    Arc::new(next().to_string())
}

#[invalidate(number(id), text(id), shared(id))]
fn change(id: u64) {
    let _ = id;
}

fn values() -> [u64; 3] {
    [
        number(1),
        text(1).parse().unwrap(),
        shared(1).parse().unwrap(),
    ]
}

fn keys() -> [String; 3] {
    let number = number::entry(1).key().unwrap().to_owned();
    let text = text::entry(1).key().unwrap().to_owned();
    [number, text, shared::entry(1).key().unwrap().to_owned()]
}

fn by_name(name: &str, shop: &Shop) {
    let (cache, memory) = (shop.cache.blocking(), &shop.memory);
    match name {
        "entry" => {
            number::entry(1).blocking().invalidate().unwrap();
            text::entry(1).blocking().invalidate().unwrap();
            shared::entry(1).blocking().invalidate().unwrap();
        }
        "attribute" => change(1),
        "entries" => {
            number::entries().blocking().invalidate().unwrap();
            text::entries().blocking().invalidate().unwrap();
            shared::entries().blocking().invalidate().unwrap();
        }
        "tag" => cache.invalidate_tag("front:1").unwrap(),
        "delete" => keys().iter().for_each(|key| cache.delete(key).unwrap()),
        "delete many" => cache.delete_many(keys()).unwrap(),
        "clear" => cache.clear().unwrap(),
        "delete in memory" => {
            let delete = |key| block_on(memory.delete(&shop.cache.key(key))).unwrap();
            keys().iter().for_each(delete);
        }
        "clear memory" => block_on(memory.clear(shop.cache.namespace())).unwrap(),
        "refresh" => {
            number::refresh(1);
            text::refresh(1);
            shared::refresh(1);
        }
        _ => panic!("{name} is nothing that is done here"),
    }
}

const WAYS: [&str; 10] = [
    "entry",
    "attribute",
    "entries",
    "tag",
    "delete",
    "delete many",
    "clear",
    "delete in memory",
    "clear memory",
    "refresh",
];

#[test]
fn what_is_removed_is_not_at_hand_any_more() {
    within(PATIENCE, || {
        for at_hand in [8_192, 1, 0] {
            let shop = Shop::over(MemoryBackend::builder().at_hand(at_hand));
            shop.cache.sync_scope(|| {
                for way in WAYS {
                    let before = values();
                    assert_eq!(values(), before);
                    by_name(way, &shop);
                    let after = values();
                    // Each was computed since.
                    assert!(
                        before.iter().zip(after).all(|(it, new)| new > *it),
                        "{way}, {at_hand}: {before:?}, {after:?}"
                    );
                    assert_eq!(values(), after, "{way}, {at_hand}");
                }
            });
        }
    });
}

#[test]
fn what_another_thread_removes_is_not_at_hand_any_more() {
    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for way in WAYS {
                shop.to_hand(3, || {
                    values();
                });
                let before = values();
                let other = shop.clone();
                let there = thread::spawn(move || {
                    other.cache.sync_scope(|| by_name(way, &other));
                });
                there.join().unwrap();
                let after = values();
                assert!(
                    before.iter().zip(after).all(|(it, new)| new > *it),
                    "{way}: {before:?}, {after:?}"
                );
            }
        });
    });
}

#[test]
fn threads_that_have_it_at_hand_all_see_it_go_before_the_one_that_removes_it_goes_on() {
    const THREADS: usize = 4;

    within(PATIENCE, || {
        for way in WAYS {
            let (shop, meet) = (Shop::new(), Barrier::new(THREADS));
            let one = |removes: bool| {
                shop.cache.sync_scope(|| {
                    let before = values();
                    (0..10).for_each(|_| assert_eq!(values(), before, "{way}"));
                    meet.wait();
                    if removes {
                        by_name(way, &shop);
                    }
                    meet.wait();
                    let after = values();
                    assert!(
                        before.iter().zip(after).all(|(it, new)| new > *it),
                        "{way}: {before:?}, {after:?}"
                    );
                });
            };
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let one = &one;
                    scope.spawn(move || one(thread == 0));
                }
            });
        }
    });
}

/// Puts those values where the functions find them.
fn put(name: &str, [first, second, third]: [u64; 3], shop: &Shop) {
    let (cache, now) = (shop.cache.blocking(), shop.clock.now());
    let (second, third) = (second.to_string(), third.to_string());
    let [number_key, text_key, shared_key] = keys();
    match name {
        "put" => {
            number::entry(1).blocking().put(first).unwrap();
            text::entry(1).blocking().put(second).unwrap();
            shared::entry(1).blocking().put(Arc::new(third)).unwrap();
        }
        "set" => {
            cache.set(number_key, first, None).unwrap();
            cache.set(text_key, second, None).unwrap();
            cache.set(shared_key, third, None).unwrap();
        }
        "set in memory" => {
            let set = |key: String, entry| {
                block_on(shop.memory.set(&shop.cache.key(key), entry)).unwrap();
            };
            set(number_key, Entry::new(first, now));
            set(text_key, Entry::new(second, now));
            set(shared_key, Entry::new(third, now));
        }
        _ => panic!("{name} is nothing that is done here"),
    }
}

#[test]
fn what_is_put_in_the_place_of_a_value_at_hand_is_served() {
    within(PATIENCE, || {
        for at_hand in [8_192, 1, 0] {
            let shop = Shop::over(MemoryBackend::builder().at_hand(at_hand));
            shop.cache.sync_scope(|| {
                for way in ["put", "set", "set in memory"] {
                    for new in [[1, 2, 3], [4, 5, 6]] {
                        values();
                        values();
                        put(way, new, &shop);
                        (0..3).for_each(|_| assert_eq!(values(), new, "{way}, {at_hand}"));
                    }
                }
            });
        }
    });
}

#[test]
fn what_another_thread_puts_in_the_place_of_a_value_at_hand_is_served() {
    within(PATIENCE, || {
        let shop = Shop::new();
        shop.cache.sync_scope(|| {
            for (way, new) in [("put", 10), ("set", 20), ("set in memory", 30)] {
                shop.to_hand(3, || {
                    values();
                });
                let (other, new) = (shop.clone(), [new, new + 1, new + 2]);
                let there = thread::spawn(move || {
                    other.cache.sync_scope(|| put(way, new, &other));
                });
                there.join().unwrap();
                (0..3).for_each(|_| assert_eq!(values(), new, "{way}"));
            }
        });
    });
}
