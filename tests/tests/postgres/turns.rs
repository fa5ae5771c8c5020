//! Turns to the server and back, counted on the way there.

use cachestack::{Backend, Key, PostgresBackend, ValueType};
use cachestack_tests::servers::PgBouncer;
use cachestack_tests::{Proxy, within};
use futures_executor::block_on;

use super::support::{LIMIT, entry, fresh, get, key, on, server, set};

/// Each operation's turns, after each was called once.
fn turns_of(proxy: &Proxy, backend: &PostgresBackend) -> Vec<(&'static str, usize)> {
    let keys: Vec<Key> = (0..20).map(|index| key(&format!("k{index}"))).collect();
    let space = "shop".into();
    let entries = || -> Vec<_> { keys.iter().map(|key| (key.clone(), entry("v"))).collect() };
    let wanted = ValueType::of::<String>();
    let mut counted = Vec::new();
    for _ in 0..2 {
        counted.clear();
        let mut count = |name: &'static str, run: &mut dyn FnMut()| {
            proxy.reset();
            run();
            counted.push((name, proxy.turns()));
        };
        count("set", &mut || block_on(set(backend, &keys[0], "v")));
        count("get", &mut || {
            assert!(block_on(get(backend, &keys[0])).is_some());
        });
        count("missed get", &mut || {
            assert!(block_on(get(backend, &key("missing"))).is_none());
        });
        count("exists", &mut || {
            assert!(block_on(backend.exists(&keys[0])).unwrap());
        });
        count("ttl", &mut || {
            block_on(backend.ttl(&keys[0])).unwrap();
        });
        count("delete", &mut || {
            block_on(backend.delete(&keys[0])).unwrap()
        });
        count("set_many", &mut || {
            block_on(backend.set_many(entries())).unwrap();
        });
        count("get_many", &mut || {
            let found =
                block_on(backend.get_many(&cachestack_tests::wanting(&keys, wanted))).unwrap();
            assert!(found.iter().all(cachestack::Lookup::is_hit));
        });
        count("delete_many", &mut || {
            block_on(backend.delete_many(&keys)).unwrap();
        });
        count("clear", &mut || block_on(backend.clear(&space)).unwrap());
        count("stats", &mut || drop(block_on(backend.stats()).unwrap()));
    }
    counted
}

#[test]
fn each_operation_on_keys_is_one_turn() {
    within(LIMIT, || {
        let proxy = Proxy::to(server().addr());
        let dsn = format!("postgres://postgres@{}/postgres", proxy.addr());
        let backend = on(&dsn, &fresh("turns")).build().unwrap();
        for (name, turns) in turns_of(&proxy, &backend) {
            let expected = match name {
                "stats" => 0,
                "clear" => 3,
                _ => 1,
            };
            assert_eq!(turns, expected, "{name}");
        }
        assert_eq!(proxy.open_connections(), 1);
    });
}

#[test]
fn behind_a_pooler_each_operation_is_four_turns() {
    within(LIMIT, || {
        let pooler = PgBouncer::start(server());
        let proxy = Proxy::to(pooler.addr());
        let dsn = format!("postgres://postgres@{}/postgres", proxy.addr());
        let builder = on(&dsn, &fresh("turns")).pgbouncer(true);
        for (name, turns) in turns_of(&proxy, &builder.build().unwrap()) {
            let expected = if name == "stats" { 0 } else { 4 };
            assert_eq!(turns, expected, "{name}");
        }
    });
}
