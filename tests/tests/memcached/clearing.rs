//! `clear` by a namespace's generation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{Backend, Key, MemcachedBackend, Namespace};
use cachestack_tests::servers::Memcached;

use super::raw::{Raw, generation_of, name_of};
use super::{SERVER, builder, get, key_in, own_space, run, set};

fn two_of_one_space() -> (String, MemcachedBackend, MemcachedBackend) {
    let space = own_space();
    let open = || builder(&SERVER).namespace(&space).build().unwrap();
    let (one, other) = (open(), open());
    (space, one, other)
}

#[test]
fn a_clear_touches_no_other_namespace_and_nothing_of_others() {
    run(|| async {
        let server = Memcached::start();
        let backend = builder(&server).build().unwrap();
        let long = "long ".repeat(2_000);
        let spaces = [
            "",
            "shop",
            "shop2",
            "shop:eu",
            "shop:*",
            "sho?",
            "[s]hop",
            "shop%",
            "shop_",
            "shop\\",
            "'shop'",
            "\"shop\"",
            "shop\r\nflush_all\r\n",
            "ünï",
            &long,
        ];
        let mut raw = Raw::to(&server);
        let foreign = ["canary", "shop", "shop/canary", "shop:canary", "/canary"];
        for name in foreign {
            assert_eq!(raw.set(name, b"alive"), "STORED");
        }
        for cleared in spaces {
            for space in spaces {
                set(&backend, &key_in(space, "k"), space.to_owned()).await;
            }
            backend.clear(&Namespace::new(cleared)).await.unwrap();
            for space in spaces {
                let kept = (space != cleared).then(|| space.to_owned());
                let found = get::<String>(&backend, &key_in(space, "k")).await;
                assert_eq!(found, kept, "{space:?} after {cleared:?}");
            }
        }
        for name in foreign {
            assert_eq!(raw.get(name).as_deref(), Some(&b"alive"[..]));
        }
        assert_eq!(raw.counted("cmd_flush"), 0);
    });
}

#[test]
fn a_clear_is_seen_by_all_processes_and_each_can_store_anew() {
    run(|| async {
        let (_, one, other) = two_of_one_space();
        let shop = key_in("shop", "k");
        for round in 0..10 {
            let (clears, stores) = if round % 2 == 0 {
                (&one, &other)
            } else {
                (&other, &one)
            };
            set(stores, &shop, round).await;
            assert_eq!(get(clears, &shop).await, Some(round));
            clears.clear(shop.namespace()).await.unwrap();
            assert_eq!(get::<i32>(stores, &shop).await, None);
            assert_eq!(get::<i32>(clears, &shop).await, None);
            set(stores, &shop, -round).await;
            assert_eq!(get(clears, &shop).await, Some(-round));
        }
    });
}

#[test]
fn who_stores_by_a_number_that_was_replaced_stores_again() {
    run(|| async {
        let (_, one, other) = two_of_one_space();
        let keys: Vec<Key> = (0..200).map(|n| key_in("shop", &format!("{n}"))).collect();
        set(&one, &keys[0], 0).await;
        // It does not look, so it goes by what it knew.
        other.clear(keys[0].namespace()).await.unwrap();
        let entries = keys.iter().map(|key| (key.clone(), super::entry(1)));
        one.set_many(entries.collect()).await.unwrap();
        for key in &keys {
            assert_eq!(get(&other, key).await, Some(1));
        }
    });
}

#[test]
fn a_generation_that_was_evicted_or_overwritten_makes_all_miss_and_nothing_comes_back() {
    run(|| async {
        let (space, one, other) = two_of_one_space();
        let (old, new) = (key_in("shop", "old"), key_in("shop", "new"));
        let generation = generation_of(&space, "shop");
        let mut raw = Raw::to(&SERVER);
        for harm in ["deleted", "garbage", "", "an old number"] {
            set(&one, &old, 1).await;
            assert_eq!(get(&other, &old).await, Some(1));
            match harm {
                "deleted" => assert!(raw.delete(&generation)),
                "an old number" => {
                    let number = [b'7'; 32];
                    assert_eq!(raw.set(&generation, &number), "STORED");
                }
                garbage => assert_eq!(raw.set(&generation, garbage.as_bytes()), "STORED"),
            }
            for backend in [&one, &other] {
                assert_eq!(get::<i32>(backend, &old).await, None, "{harm}");
                assert!(!backend.exists(&old).await.unwrap(), "{harm}");
            }
            // Each of them makes a new number, or takes the one that is there.
            set(&other, &new, 2).await;
            set(&one, &new, 3).await;
            assert_eq!(get(&other, &new).await, Some(3), "{harm}");
            assert_eq!(get::<i32>(&one, &old).await, None, "{harm}");
            assert_eq!(get::<i32>(&other, &old).await, None, "{harm}");
        }
        let stats = one.stats().await.unwrap();
        assert_eq!((stats.errors, stats.corrupt), (0, 0));
    });
}

#[test]
fn the_number_never_ends_and_is_random() {
    run(|| async {
        let (space, one, _) = two_of_one_space();
        let generation = generation_of(&space, "shop");
        let mut raw = Raw::to(&SERVER);
        let mut numbers = std::collections::HashSet::new();
        for _ in 0..20 {
            set(&one, &key_in("shop", "k"), 1).await;
            assert_eq!(raw.seconds_left(&generation), -1);
            let number = raw.get(&generation).unwrap();
            let entry = raw.get(&name_of(&space, &key_in("shop", "k"))).unwrap();
            assert!(entry.starts_with(&number));
            assert!(numbers.insert(number));
            one.clear(&Namespace::new("shop")).await.unwrap();
        }
    });
}

#[test]
fn several_that_clear_and_store_at_once_never_bring_anything_back() {
    run(|| async {
        let (_, one, other) = two_of_one_space();
        let rounds = AtomicUsize::new(0);
        // What was stored when a clear began is gone when it has ended, whoever clears and stores meanwhile.
        std::thread::scope(|scope| {
            for (me, backend) in [&one, &other].into_iter().enumerate() {
                let rounds = &rounds;
                scope.spawn(move || {
                    futures_executor::block_on(async {
                        let mine = key_in("shop", &format!("of {me}"));
                        for round in 0..150 {
                            set(backend, &mine, round).await;
                            backend.clear(mine.namespace()).await.unwrap();
                            assert_eq!(get::<i32>(backend, &mine).await, None);
                            rounds.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                });
            }
            for backend in [&one, &other] {
                scope.spawn(move || {
                    futures_executor::block_on(async {
                        let theirs = key_in("shop", "of all");
                        for round in 0..150 {
                            backend.set(&theirs, super::entry(round)).await.unwrap();
                        }
                    });
                });
            }
        });
        assert_eq!(rounds.load(Ordering::Relaxed), 300);
        set(&one, &key_in("shop", "last"), 1).await;
        assert_eq!(get(&other, &key_in("shop", "last")).await, Some(1));
    });
}

#[test]
fn two_clears_at_once_both_succeed() {
    run(|| async {
        let (_, one, other) = two_of_one_space();
        let shop = key_in("shop", "k");
        for round in 0..100 {
            set(&one, &shop, round).await;
            std::thread::scope(|scope| {
                for backend in [&one, &other] {
                    let space = shop.namespace();
                    scope.spawn(move || {
                        futures_executor::block_on(backend.clear(space)).unwrap();
                    });
                }
            });
            assert_eq!(get::<i32>(&one, &shop).await, None);
            assert_eq!(get::<i32>(&other, &shop).await, None);
        }
        set(&one, &shop, 1).await;
        assert_eq!(get(&other, &shop).await, Some(1));
    });
}

#[test]
fn many_namespaces_are_stored_and_cleared_each_for_itself() {
    run(|| async {
        let backend = super::own();
        // More than are remembered.
        let keys: Vec<Key> = (0..1_500).map(|n| key_in(&format!("{n}"), "k")).collect();
        for _ in 0..2 {
            let entries = keys
                .iter()
                .map(|key| (key.clone(), super::lasting(1, Duration::from_secs(60))));
            backend.set_many(entries.collect()).await.unwrap();
        }
        backend.clear(keys[7].namespace()).await.unwrap();
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(get(&backend, key).await, (n != 7).then_some(1));
        }
    });
}
