//! Keys that would like to be commands.

use cachestack::{Backend, Key, Lookup, Namespace, ValueType};
use cachestack_tests::servers::Memcached;

use super::raw::{Raw, name_of};
use super::{SERVER, builder, entry, get, key, key_in, own_space, run, set, stats, text};

/// Each as a key and as a namespace.
fn hostile() -> Vec<String> {
    let commands = [
        "\r\nflush_all\r\n",
        " 0 0 1\r\nx\r\nflush_all\r\n",
        "canary",
        "canary 0 0 5 noreply\r\nalive\r\n",
        "k noreply\r\ndelete canary\r\n",
        "k\nset canary 0 0 4\ndead\n",
        "\0",
        "a\0flush_all",
        " ",
        "a b",
        "\t",
        "\u{7f}",
        "\u{a0}",
        "%",
        "%~",
        "%generation/shop",
        "_",
        "*",
        "[a-z]*",
        "?",
        "\\",
        "'; DROP TABLE entries; --",
        "\"quoted\"",
        "ключ 🔑",
        "..",
        "/",
        "//",
        "",
    ];
    let long = [199, 200, 201, 249, 250, 251, 300, 10_000].map(|length| "x".repeat(length));
    let tail = format!("{}\r\nflush_all\r\n", "x".repeat(240));
    let commands = commands.into_iter().map(str::to_owned);
    commands.chain(long).chain([tail]).collect()
}

#[test]
fn hostile_keys_come_back_and_touch_nothing_else() {
    run(|| async {
        let server = Memcached::start();
        let backend = builder(&server).build().unwrap();
        let mut raw = Raw::to(&server);
        raw.set("canary", b"alive");
        let texts = hostile();
        let in_shop = texts.iter().map(|text| key_in("shop", text));
        let as_spaces = texts.iter().map(|text| key_in(text, "k"));
        let keys: Vec<Key> = in_shop.chain(as_spaces).collect();
        for (index, key) in keys.iter().enumerate() {
            set(&backend, key, index).await;
        }
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(get(&backend, key).await, Some(index), "{:?}", key.text());
            assert!(backend.exists(key).await.unwrap());
        }
        let found = backend
            .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<usize>()))
            .await;
        assert!(found.unwrap().iter().all(Lookup::is_hit));
        for (index, key) in keys.iter().enumerate().filter(|(index, _)| index % 2 == 0) {
            backend.delete(key).await.unwrap();
            assert_eq!(get::<usize>(&backend, key).await, None, "{index}");
        }
        backend.delete_many(&keys).await.unwrap();
        let entries = keys.iter().map(|key| (key.clone(), entry(7_usize)));
        backend.set_many(entries.collect()).await.unwrap();
        for key in &keys {
            assert_eq!(get(&backend, key).await, Some(7_usize));
        }
        for key in &keys {
            backend.clear(key.namespace()).await.unwrap();
        }
        assert_eq!(raw.get("canary").as_deref(), Some(&b"alive"[..]));
        assert_eq!(raw.counted("cmd_flush"), 0);
        let stats = stats(&backend).await;
        assert_eq!((stats.errors, stats.corrupt), (0, 0));
    });
}

#[test]
fn hostile_namespaces_of_a_backend_are_as_good() {
    run(|| async {
        let server = Memcached::start();
        let mut raw = Raw::to(&server);
        raw.set("canary", b"alive");
        for (index, text) in hostile().iter().enumerate() {
            let backend = builder(&server).namespace(text).build().unwrap();
            set(&backend, &key("k"), index).await;
            assert_eq!(get(&backend, &key("k")).await, Some(index));
            backend.close().await.unwrap();
        }
        assert_eq!(raw.get("canary").as_deref(), Some(&b"alive"[..]));
        assert_eq!(raw.counted("cmd_flush"), 0);
    });
}

#[test]
fn hostile_values_stay_values() {
    run(|| async {
        let server = Memcached::start();
        let backend = builder(&server).build().unwrap();
        let mut raw = Raw::to(&server);
        raw.set("canary", b"alive");
        for value in hostile()
            .into_iter()
            .chain(["END\r\n".into(), "\r\nEND\r\n".repeat(5_000)])
        {
            set(&backend, &key("k"), value.clone()).await;
            assert_eq!(text(&backend, &key("k")).await, Some(value));
        }
        assert_eq!(raw.get("canary").as_deref(), Some(&b"alive"[..]));
        assert_eq!(raw.counted("cmd_flush"), 0);
    });
}

#[test]
fn the_entry_of_another_key_is_a_miss() {
    run(|| async {
        let space = own_space();
        let backend = builder(&SERVER).namespace(&space).build().unwrap();
        let long = "x".repeat(300);
        let mut raw = Raw::to(&SERVER);
        for (ours, other) in [("a", "b"), (&*long, "a"), ("a", &*long)] {
            let (ours, other) = (key(ours), key(other));
            set(&backend, &ours, 1).await;
            set(&backend, &other, 2).await;
            let swapped = raw.get(&name_of(&space, &other)).unwrap();
            raw.set(&name_of(&space, &ours), &swapped);
            let before = stats(&backend).await;
            assert_eq!(get::<i32>(&backend, &ours).await, None);
            assert!(!backend.exists(&ours).await.unwrap());
            assert_eq!(stats(&backend).await.corrupt, before.corrupt + 1);
            assert_eq!(get(&backend, &other).await, Some(2));
        }
    });
}

#[test]
fn names_on_the_server_can_be_read_and_are_as_documented() {
    run(|| async {
        let space = own_space();
        let backend = builder(&SERVER).namespace(&space).build().unwrap();
        let mut raw = Raw::to(&SERVER);
        let long = "x".repeat(201);
        for text in ["user:42", "a b", "ä", &long, ""] {
            set(&backend, &key(text), 1).await;
            assert!(raw.get(&name_of(&space, &key(text))).is_some(), "{text:?}");
        }
        let plain = raw.get(&format!("{space}:shop/user:42")).unwrap();
        let plain = String::from_utf8_lossy(&plain).into_owned();
        let number = raw.get(&format!("%generation/{space}:shop")).unwrap();
        let number = String::from_utf8(number).unwrap();
        assert!(
            plain.starts_with(&format!("{number} cachestack/1 value postcard 0 ")),
            "{plain}"
        );
        assert!(
            plain.contains(&format!(" {space}:shop/user:42 ")),
            "{plain}"
        );
        // The name of a namespace that is no word of its own.
        let spaced = key_in("my shop", "k");
        set(&backend, &spaced, 1).await;
        assert!(raw.get(&name_of(&space, &spaced)).is_some());
        backend.clear(&Namespace::new("my shop")).await.unwrap();
        assert_eq!(get::<i32>(&backend, &spaced).await, None);
    });
}
