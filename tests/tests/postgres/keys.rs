//! Hostile names: they come back as they are and touch nothing else.

use std::collections::HashMap;

use cachestack::{Backend, Key, Namespace};
use cachestack_tests::within;
use futures_executor::block_on;

use super::support::{LIMIT, Raw, fresh, get, in_space, key, open, quoted, set, value};

fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "k",
        "K",
        "%",
        "_",
        "k%",
        "%k",
        "*",
        "?",
        "[k]",
        "\\",
        "\\\\",
        "'",
        "''",
        "\"",
        "`",
        "$1",
        "$$",
        "\0",
        "a\0b",
        "a\r\nb",
        "\r\n",
        "--",
        "/*",
        "';DROP TABLE x;--",
        "'); DELETE FROM x; --",
        "{}",
        "NULL",
        "\u{feff}",
        "\u{202e}",
        "é",
        "e\u{301}",
        "キー🔑",
        "%~",
        "%~00",
        "shop/k",
        "\t",
    ]
    .map(String::from)
    .into();
    texts.push("long ".repeat(2_000));
    texts.push("long ".repeat(2_000) + "!");
    texts.push("x".repeat(1_024));
    texts.push("x".repeat(1_025));
    // Random enough that nothing makes it shorter.
    let dense = |seed: u32| -> String {
        let step = |it: &u32| Some(it.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        let numbers = std::iter::successors(Some(seed), step).take(341);
        numbers
            .filter_map(|it| char::from_u32(0x4e00 + it % 20_000))
            .collect()
    };
    texts.extend([dense(1), dense(2)]);
    texts
}

#[test]
fn hostile_keys_come_back_and_touch_nothing_else() {
    within(LIMIT, || {
        let table = fresh("keys");
        let backend = open(&table);
        let keys: Vec<Key> = hostile().iter().map(|text| key(text)).collect();
        block_on(async {
            for (index, key) in keys.iter().enumerate() {
                set(&backend, key, &index.to_string()).await;
            }
            for (index, key) in keys.iter().enumerate() {
                assert_eq!(
                    get(&backend, key).await,
                    Some(index.to_string()),
                    "{:?}",
                    key.text()
                );
            }
            let wanted = cachestack::ValueType::of::<String>();
            let found = backend
                .get_many(&cachestack_tests::wanting(&keys, wanted))
                .await
                .unwrap();
            for (index, found) in found.into_iter().enumerate() {
                assert_eq!(value(found), Some(index.to_string()));
            }
            backend.delete_many(&keys[..9]).await.unwrap();
            for key in &keys[9..20] {
                backend.delete(key).await.unwrap();
            }
            for (index, key) in keys.iter().enumerate() {
                assert_eq!(backend.exists(key).await.unwrap(), index >= 20);
            }
            assert_eq!(backend.stats().await.unwrap().corrupt, 0);
        });
    });
}

#[test]
fn a_clear_touches_no_other_namespace_and_nothing_foreign() {
    within(LIMIT, || {
        let table = fresh("spaces");
        let backend = open(&table);
        let mut names = hostile();
        names.extend(
            [
                "shop", "shop2", "shop:eu", "sho", "Shop", "sh%", "sh_p", "shop/",
            ]
            .map(String::from),
        );
        let mut raw = Raw::new();
        raw.run(&format!(
            "CREATE TABLE {}_foreign (id int)",
            table.replace(' ', "_")
        ));
        let key_in = |name: &str| in_space(name, "k");
        block_on(async {
            for name in &names {
                set(&backend, &key_in(name), name).await;
            }
            let mut left: HashMap<&str, bool> = names.iter().map(|it| (&**it, true)).collect();
            for cleared in [
                "shop",
                "%",
                "_",
                "",
                "*",
                "a\r\nb",
                "'; DROP TABLE x;--",
                "\\",
                "sh%",
            ]
            .into_iter()
            .chain(names.iter().rev().take(12).map(|it| &**it))
            .chain(names.iter().filter(|it| it.len() > 1_000).map(|it| &**it))
            {
                backend.clear(&Namespace::new(cleared)).await.unwrap();
                if let Some(left) = left.get_mut(cleared) {
                    *left = false;
                }
                for name in &names {
                    let is_there = backend.exists(&key_in(name)).await.unwrap();
                    assert_eq!(
                        is_there, left[&**name],
                        "{name:?} after a clear of {cleared:?}"
                    );
                }
            }
        });
        let foreign = format!("SELECT count(*) FROM {}_foreign", table.replace(' ', "_"));
        assert_eq!(raw.count(&foreign), 0);
    });
}

#[test]
fn a_backends_own_namespace_is_joined_in_front() {
    within(LIMIT, || {
        let table = fresh("joined");
        let eu = super::support::builder(&table)
            .namespace("eu")
            .build()
            .unwrap();
        let all = open(&table);
        block_on(async {
            set(&eu, &key("k"), "eu").await;
            assert_eq!(get(&all, &key("k")).await, None);
            assert_eq!(
                get(&all, &in_space("eu:shop", "k")).await.as_deref(),
                Some("eu")
            );
            set(&all, &key("k"), "all").await;
            eu.clear(&"shop".into()).await.unwrap();
            assert_eq!(get(&eu, &key("k")).await, None);
            assert_eq!(get(&all, &key("k")).await.as_deref(), Some("all"));
        });
        let sql = format!("SELECT namespace || ' ' || key FROM {}", quoted(&table));
        assert_eq!(Raw::new().text(&sql), "shop k");
    });
}

#[test]
fn what_others_wrote_under_a_key_is_a_miss() {
    within(LIMIT, || {
        let table = fresh("foreign");
        let backend = open(&table);
        let mut raw = Raw::new();
        let huge = "cachestack/1 value postcard 0 2026-11-22T18:20:00.000Z - - 0 shop/k - 18446744073709551615 0\n";
        for bytes in [
            &b""[..],
            b"garbage",
            b"cachestack/9 x\n",
            b"cachestack/1 \n",
            huge.as_bytes(),
        ] {
            block_on(set(&backend, &key("k"), "v"));
            raw.edit(&table, &key("k"), &mut |stored| *stored = bytes.to_vec());
            assert_eq!(block_on(get(&backend, &key("k"))), None);
            assert!(block_on(backend.exists(&key("k"))).unwrap());
        }
        // The entry of another key.
        block_on(set(&backend, &key("other"), "v"));
        raw.run(&format!(
            "UPDATE {0} SET entry = (SELECT entry FROM {0} WHERE key = 'other') WHERE key = 'k'",
            quoted(&table)
        ));
        assert_eq!(block_on(get(&backend, &key("k"))), None);
        let stats = block_on(backend.stats()).unwrap();
        assert!(stats.corrupt >= 4, "{stats}");
        assert_eq!(stats.errors, 0);
    });
}
