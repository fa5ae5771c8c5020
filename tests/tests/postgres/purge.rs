//! What has ended is freed, in batches, and nothing else is.

use std::time::Duration;

use cachestack::{Backend, PostgresBackend};
use cachestack_tests::{eventually, within};
use futures_executor::block_on;

use super::support::{
    LIMIT, MINUTE, Raw, builder, entry, fresh, in_space, key, lasting, open, quoted, set,
};

/// Rows that have ended, or will in a minute.
fn plant(raw: &mut Raw, table: &str, namespace: &str, rows: usize, end: &str) {
    raw.run(&format!(
        "INSERT INTO {} SELECT '{namespace}', '{end} ' || i, 'entry', now() {end} interval '1 minute' \
         FROM generate_series(1, {rows}) i",
        quoted(table)
    ));
}

fn count(raw: &mut Raw, table: &str, condition: &str) -> i64 {
    raw.count(&format!(
        "SELECT count(*) FROM {} WHERE {condition}",
        quoted(table)
    ))
}

fn planted(backend: &PostgresBackend, table: &str) -> Raw {
    block_on(set(backend, &key("live"), "v"));
    let mut raw = Raw::new();
    plant(&mut raw, table, "shop", 3_500, "-");
    plant(&mut raw, table, "shop", 50, "+");
    for other in ["shop2", "shop:eu", "s%", "s_op", "", "SHOP"] {
        plant(&mut raw, table, other, 10, "-");
    }
    raw
}

#[test]
fn a_purge_in_batches_leaves_live_and_foreign_rows() {
    within(LIMIT, || {
        let table = fresh("purge");
        let backend = open(&table);
        let mut raw = planted(&backend, &table);
        let purge = |name: &str| block_on(backend.purge_expired(&name.into())).unwrap();
        assert_eq!(purge("shop"), 3_500);
        assert_eq!(purge("shop"), 0);
        assert_eq!(count(&mut raw, &table, "namespace = 'shop'"), 51);
        assert_eq!(count(&mut raw, &table, "namespace <> 'shop'"), 60);
        assert_eq!(purge("%"), 0);
        assert_eq!(purge("s_op"), 10);
        assert_eq!(purge("s%"), 0, "its name is stored with the % escaped");
        assert_eq!(purge(""), 10);
        assert_eq!(count(&mut raw, &table, "namespace <> 'shop'"), 40);
        let stats = block_on(backend.stats()).unwrap();
        assert_eq!(stats.expirations, 3_520);

        // Joined with the backend's own.
        let inside = builder(&table).namespace("shop").build().unwrap();
        assert_eq!(block_on(inside.purge_expired(&"eu".into())).unwrap(), 10);
        assert_eq!(count(&mut raw, &table, "namespace <> 'shop'"), 30);
    });
}

#[test]
fn a_purge_passes_over_what_somebody_holds() {
    within(LIMIT, || {
        let table = fresh("held");
        let backend = open(&table);
        let mut raw = planted(&backend, &table);
        let mut holder = Raw::new();
        holder.run(&format!(
            "BEGIN; SELECT 1 FROM {} WHERE namespace = 'shop' AND key = '- 7' FOR UPDATE",
            quoted(&table)
        ));
        assert_eq!(
            block_on(backend.purge_expired(&"shop".into())).unwrap(),
            3_499
        );
        holder.run("ROLLBACK");
        assert_eq!(block_on(backend.purge_expired(&"shop".into())).unwrap(), 1);
        assert_eq!(count(&mut raw, &table, "namespace = 'shop'"), 51);
    });
}

#[test]
fn the_background_frees_this_backends_namespaces_alone_until_it_is_closed() {
    within(LIMIT, || {
        let table = fresh("background");
        planted(&open(&table), &table);
        let mut raw = Raw::new();
        let backend = builder(&table)
            .namespace("shop")
            .auto_purge_interval(Duration::from_millis(20))
            .build()
            .unwrap();
        assert!(!block_on(backend.exists(&in_space("", "nothing"))).unwrap());
        eventually(|| {
            count(
                &mut raw,
                &table,
                "namespace IN ('shop', 'shop:eu') AND key LIKE '-%'",
            ) == 0
        });
        assert_eq!(count(&mut raw, &table, "key LIKE '-%'"), 50);
        assert_eq!(count(&mut raw, &table, "namespace = 'shop'"), 51);
        let stats = block_on(backend.stats()).unwrap();
        assert_eq!((stats.expirations, stats.errors), (3_510, 0));

        block_on(backend.close()).unwrap();
        plant(&mut raw, &table, "shop", 1, "-");
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(
            count(&mut raw, &table, "namespace = 'shop' AND key = '- 1'"),
            1
        );
    });
}

#[test]
fn the_background_of_a_backend_without_a_namespace_frees_all() {
    within(LIMIT, || {
        let table = fresh("background");
        planted(&open(&table), &table);
        let builder = builder(&table).auto_purge_interval(Duration::from_millis(20));
        let backend = block_on(builder.connect()).unwrap();
        let mut raw = Raw::new();
        eventually(|| count(&mut raw, &table, "key LIKE '-%'") == 0);
        assert_eq!(count(&mut raw, &table, "true"), 51);
        // The last clone takes its background along.
        drop(backend);
        let sessions = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cachestack' AND query LIKE '%{table}%'"
        );
        eventually(|| raw.count(&sessions) == 0);
    });
}

#[test]
fn a_clear_of_many_rows_ends_and_leaves_what_is_not_its() {
    within(LIMIT, || {
        let table = fresh("clear");
        let backend = open(&table);
        let mut raw = planted(&backend, &table);
        plant(&mut raw, &table, "shop", 0, "+");
        block_on(set(&backend, &key(""), "the empty key"));
        block_on(backend.clear(&"shop".into())).unwrap();
        assert_eq!(count(&mut raw, &table, "namespace = 'shop'"), 0);
        assert_eq!(count(&mut raw, &table, "true"), 60);
    });
}

#[test]
fn writers_of_the_same_keys_in_any_order_and_clears_never_fail() {
    within(LIMIT, || {
        let table = fresh("crossed");
        let backends: Vec<_> = (0..4).map(|_| open(&table)).collect();
        let threads = backends.into_iter().enumerate().map(|(index, backend)| {
            std::thread::spawn(move || {
                let mut keys: Vec<_> = (0..60).map(|it| key(&format!("k{it}"))).collect();
                if index % 2 == 1 {
                    keys.reverse();
                }
                block_on(async {
                    for round in 0..30 {
                        let time = Duration::from_millis(round);
                        let set = keys
                            .iter()
                            .map(|key| (key.clone(), lasting("v", time + MINUTE)));
                        backend.set_many(set.collect()).await.unwrap();
                        backend.delete_many(&keys[10..]).await.unwrap();
                        let mixed = keys.iter().enumerate().map(|(index, key)| match index % 3 {
                            0 => (key.clone(), lasting("gone", Duration::ZERO)),
                            _ => (key.clone(), entry("kept")),
                        });
                        backend.set_many(mixed.collect()).await.unwrap();
                        if round % 10 == 0 {
                            backend.clear(&"shop".into()).await.unwrap();
                        }
                        backend.purge_expired(&"shop".into()).await.unwrap();
                    }
                    assert_eq!(backend.stats().await.unwrap().errors, 0);
                });
            })
        });
        for thread in threads.collect::<Vec<_>>() {
            thread.join().unwrap();
        }
    });
}
