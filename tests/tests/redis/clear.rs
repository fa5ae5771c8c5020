//! `clear` deletes one namespace and nothing else, and hostile keys are only keys.

use cachestack::{Backend, Key, Namespace, RedisBackend};
use cachestack_tests::within;

use super::raw::Raw;
use super::{LONG, backend, block_on, put, shared, text, unique};

fn hostile() -> Vec<String> {
    let long = "long ".repeat(2_000);
    [
        "",
        " ",
        "shop",
        "shop2",
        "shop:eu",
        "shop/eu",
        "*",
        "?",
        "[a-z]",
        "[",
        "]",
        "sh*p",
        "s?op",
        "%",
        "_",
        "%25",
        "%~ab",
        "\\",
        "\\*",
        "'",
        "\"",
        "`",
        "$(reboot)",
        "a\r\nFLUSHALL\r\nb",
        "a\0b",
        "{shop}",
        "{",
        "}",
        "shop/*",
        "'; DROP TABLE x; --",
        "ключ 🔑",
        &long,
    ]
    .map(str::to_owned)
    .to_vec()
}

#[test]
fn hostile_keys_come_back_and_touch_no_other() {
    within(LONG, || {
        let backend = backend();
        let spaces = ["", "shop", "shop/*"].map(Namespace::new);
        let keys: Vec<Key> = spaces
            .iter()
            .flat_map(|space| hostile().into_iter().map(|text| Key::new(space, text)))
            .collect();
        for (i, key) in keys.iter().enumerate() {
            put(&backend, key, &i.to_string()).unwrap();
        }
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(
                text(&backend, key).unwrap(),
                Some(i.to_string()),
                "{:?}",
                key.text()
            );
        }
        for key in keys.iter().step_by(2) {
            block_on(backend.delete(key)).unwrap();
        }
        for (i, key) in keys.iter().enumerate() {
            let expected = (i % 2 == 1).then(|| i.to_string());
            assert_eq!(text(&backend, key).unwrap(), expected, "{:?}", key.text());
        }
    });
}

#[test]
fn clear_touches_no_other_namespace_whatever_it_is_called() {
    within(LONG, || {
        let own = unique();
        let builder = RedisBackend::builder(shared().dsn());
        let backend = builder.namespace(own.clone()).build().unwrap();
        let mut raw = Raw::to(shared().addr());
        let strangers = ["", ":shopping", "%/", ":shop", ":shop*", ":sho", ":*k"];
        let strangers = strangers.map(|name| format!("{own}{name}"));
        for stranger in &strangers {
            assert_eq!(raw.number(&[b"RPUSH", stranger.as_bytes(), b"x"]), 1);
        }
        let keys: Vec<Key> = hostile()
            .iter()
            .flat_map(|space| ["k", "*"].map(|text| Key::new(&Namespace::new(space), text)))
            .collect();
        for key in &keys {
            put(&backend, key, "v").unwrap();
        }
        let mut left = keys.len();
        for space in hostile() {
            let space = Namespace::new(space);
            block_on(backend.clear(&space)).unwrap();
            left -= 2;
            for key in keys.iter().filter(|key| *key.namespace() == space) {
                assert_eq!(text(&backend, key).unwrap(), None, "{space:?}");
            }
            let there = |key: &&Key| text(&backend, key).unwrap().is_some();
            assert_eq!(keys.iter().filter(there).count(), left, "after {space:?}");
        }
        for stranger in &strangers {
            assert_eq!(
                raw.number(&[b"EXISTS", stranger.as_bytes()]),
                1,
                "{stranger}"
            );
        }
    });
}

#[test]
fn clear_deletes_more_than_a_page() {
    within(LONG, || {
        let builder = RedisBackend::builder(shared().dsn()).timeout(10 * super::SECOND);
        let backend = builder.namespace(unique()).build().unwrap();
        let keys: Vec<Key> = (0..5_000).map(|i| super::key(&i.to_string())).collect();
        let entries = keys.iter().map(|key| (key.clone(), super::entry(1)));
        block_on(backend.set_many(entries.collect())).unwrap();
        let count = |keys: &[Key]| {
            let found = block_on(backend.get_many(&cachestack_tests::wanting(
                keys,
                cachestack::ValueType::of::<i32>(),
            )));
            found.unwrap().iter().filter(|found| found.is_hit()).count()
        };
        assert_eq!(count(&keys), 5_000);
        block_on(backend.clear(&Namespace::new("shop"))).unwrap();
        assert_eq!(count(&keys), 0);
        assert_eq!(
            block_on(backend.purge_expired(&Namespace::new("shop"))).unwrap(),
            0
        );
    });
}
