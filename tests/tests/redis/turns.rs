//! One request and one answer for each operation.

use std::time::Duration;

use cachestack::{Backend, Key, RedisBackend, TimeLeft, ValueType};
use cachestack_tests::Proxy;
use cachestack_tests::within;

use super::{LONG, block_on, entry, key, put, shared, text, unique};

#[test]
fn each_operation_takes_one_turn() {
    within(LONG, || {
        let proxy = Proxy::to(shared().addr());
        let dsn = shared().dsn_at(proxy.port());
        let backend = RedisBackend::builder(dsn)
            .namespace(unique())
            .build()
            .unwrap();
        put(&backend, &key("k"), "v").unwrap();
        // Of requests that are sent together none is answered before the last has come.
        proxy.set_delay(Duration::from_millis(20));
        let keys: Vec<Key> = (0..50).map(|i| key(&i.to_string())).collect();
        let turns = |what: &str, run: &dyn Fn()| {
            proxy.reset();
            run();
            assert_eq!(proxy.turns(), 1, "{what}");
        };
        turns("get", &|| {
            assert!(text(&backend, &key("k")).unwrap().is_some())
        });
        turns("set", &|| put(&backend, &key("k"), "v").unwrap());
        turns("exists", &|| {
            assert!(block_on(backend.exists(&key("k"))).unwrap())
        });
        turns("ttl", &|| {
            assert_ne!(block_on(backend.ttl(&key("k"))).unwrap(), TimeLeft::Missing)
        });
        turns("delete", &|| block_on(backend.delete(&key("k"))).unwrap());
        turns("set_many", &|| {
            let entries = keys.iter().map(|key| (key.clone(), entry(1)));
            block_on(backend.set_many(entries.collect())).unwrap();
        });
        turns("get_many", &|| {
            let found = block_on(
                backend.get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>())),
            )
            .unwrap();
            assert!(found.iter().all(|found| found.is_hit()));
        });
        turns("delete_many", &|| {
            block_on(backend.delete_many(&keys)).unwrap()
        });
        assert_eq!(block_on(backend.stats()).unwrap().deletes, 51);
        assert_eq!(proxy.connections(), 0, "since the last reset");
        assert_eq!(proxy.open_connections(), 1);
    });
}
