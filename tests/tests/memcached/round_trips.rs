//! How often a server is asked.

use std::time::Duration;

use cachestack::{Backend, Key, Lookup, MemcachedBackend, TimeLeft, ValueType};
use cachestack_tests::Proxy;

use super::raw::Raw;
use super::{SERVER, entry, get, key, own_space, run, set, text};

fn through(proxy: &Proxy) -> MemcachedBackend {
    MemcachedBackend::builder(proxy.addr().to_string())
        .namespace(own_space())
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}

fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|n| key(&format!("user:{n}"))).collect()
}

/// The turns that something takes.
async fn turns(proxy: &Proxy, of: impl Future<Output = ()>) -> usize {
    proxy.reset();
    of.await;
    proxy.turns()
}

#[test]
fn each_operation_takes_one_turn() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy);
        let one = key("one");
        assert_eq!(turns(&proxy, set(&backend, &one, 1)).await, 1, "first set");
        assert_eq!(turns(&proxy, set(&backend, &one, 2)).await, 1, "set");
        let get = async { assert_eq!(get(&backend, &one).await, Some(2)) };
        assert_eq!(turns(&proxy, get).await, 1, "get");
        let exists = async { assert!(backend.exists(&one).await.unwrap()) };
        assert_eq!(turns(&proxy, exists).await, 1, "exists");
        let ttl = async {
            let left = backend.ttl(&one).await.unwrap();
            assert!(matches!(left, TimeLeft::Left(_)));
        };
        assert_eq!(turns(&proxy, ttl).await, 1, "ttl");
        let delete = async { backend.delete(&one).await.unwrap() };
        assert_eq!(turns(&proxy, delete).await, 1, "delete");
        let clear = async { backend.clear(one.namespace()).await.unwrap() };
        assert_eq!(turns(&proxy, clear).await, 1, "clear");
        assert_eq!(turns(&proxy, set(&backend, &one, 3)).await, 1, "set");
        let stats = async { drop(backend.stats().await.unwrap()) };
        assert_eq!(turns(&proxy, stats).await, 0, "stats");
        let purge = async { assert_eq!(backend.purge_expired(one.namespace()).await.unwrap(), 0) };
        assert_eq!(turns(&proxy, purge).await, 0, "purge_expired");
    });
}

#[test]
fn fifty_keys_take_one_turn() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        proxy.set_delay(Duration::from_millis(20));
        let backend = through(&proxy);
        let keys = keys(50);
        let entries = || {
            keys.iter()
                .map(|key| (key.clone(), entry(key.text().to_owned())))
        };
        for round in ["first", "again"] {
            let set = async { backend.set_many(entries().collect()).await.unwrap() };
            assert_eq!(turns(&proxy, set).await, 1, "set_many {round}");
        }
        let get = async {
            let found = backend
                .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<String>()))
                .await;
            assert!(found.unwrap().iter().all(Lookup::is_hit));
        };
        assert_eq!(turns(&proxy, get).await, 1, "get_many");
        let delete = async { backend.delete_many(&keys).await.unwrap() };
        assert_eq!(turns(&proxy, delete).await, 1, "delete_many");
        for key in &keys {
            assert_eq!(text(&backend, key).await, None);
        }
    });
}

#[test]
fn many_keys_take_one_turn_for_each_500_or_each_mib_that_are_written() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        // The server answers the first of many commands before the last has come: that is no turn.
        proxy.set_delay(Duration::from_millis(100));
        let backend = through(&proxy);
        let keys = keys(2_000);
        let entries = keys
            .iter()
            .map(|key| (key.clone(), entry(key.text().to_owned())));
        let entries = entries.collect();
        let set = async { backend.set_many(entries).await.unwrap() };
        assert_eq!(turns(&proxy, set).await, 4, "set_many");
        let get = async {
            let found = backend
                .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<String>()))
                .await;
            for (found, key) in found.unwrap().into_iter().zip(&keys) {
                let found = found.hit().unwrap();
                assert_eq!(found.value::<String>().unwrap(), key.text());
            }
        };
        assert_eq!(turns(&proxy, get).await, 2, "get_many");
        let delete = async { backend.delete_many(&keys).await.unwrap() };
        assert_eq!(turns(&proxy, delete).await, 4, "delete_many");

        let large = "large ".repeat(50_000);
        let entries = keys[..10]
            .iter()
            .map(|key| (key.clone(), entry(large.clone())));
        let entries = entries.collect();
        let set = async { backend.set_many(entries).await.unwrap() };
        assert_eq!(turns(&proxy, set).await, 4, "set_many of 3 MB");
        for key in &keys[..10] {
            assert!(text(&backend, key).await.as_ref() == Some(&large));
        }
    });
}

#[test]
fn only_a_set_in_a_namespace_that_was_cleared_elsewhere_takes_a_second_turn() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let space = own_space();
        let on = |address: String| {
            let builder = MemcachedBackend::builder(address).namespace(&space);
            builder.timeout(Duration::from_secs(5)).build().unwrap()
        };
        let (ours, theirs) = (on(proxy.addr().to_string()), on(SERVER.dsn()));
        let one = key("one");
        set(&ours, &one, 1).await;
        theirs.clear(one.namespace()).await.unwrap();
        assert_eq!(turns(&proxy, set(&ours, &one, 2)).await, 2);
        assert_eq!(get(&theirs, &one).await, Some(2));
        assert_eq!(turns(&proxy, set(&ours, &one, 3)).await, 1);
        // A look-up tells it, too.
        theirs.clear(one.namespace()).await.unwrap();
        assert_eq!(get::<i32>(&ours, &one).await, None);
        assert_eq!(turns(&proxy, set(&ours, &one, 4)).await, 1);
        assert_eq!(get(&theirs, &one).await, Some(4));
    });
}

#[test]
fn connections_are_used_again_and_there_are_no_more_than_the_pool_may_have() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = MemcachedBackend::builder(proxy.addr().to_string())
            .namespace(own_space())
            .timeout(Duration::from_secs(10))
            .pool_size(3)
            .build()
            .unwrap();
        for n in 0..20 {
            set(&backend, &key("one"), n).await;
        }
        assert_eq!(proxy.connections(), 1);
        proxy.set_delay(Duration::from_millis(2));
        std::thread::scope(|scope| {
            for n in 0..20 {
                let backend = &backend;
                scope.spawn(move || {
                    let key = key(&format!("user:{n}"));
                    futures_executor::block_on(async {
                        for round in 0..10 {
                            set(backend, &key, round).await;
                            assert_eq!(get(backend, &key).await, Some(round));
                        }
                    });
                });
            }
        });
        assert_eq!(proxy.connections(), 3);
        assert_eq!(Raw::to(&SERVER).counted("cmd_flush"), 0);
    });
}
