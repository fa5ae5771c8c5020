//! The table: made by whoever comes first, whatever its name, and never one of somebody else's.

use std::time::Duration;

use cachestack::{Backend, ErrorKind, PostgresBackend, ValueType};
use cachestack_tests::within;
use futures_executor::block_on;

use super::support::{LIMIT, Raw, builder, fresh, get, key, on, open, quoted, server, set, works};

fn persistence(raw: &mut Raw, table: &str) -> String {
    let sql = "SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass($1)";
    let rows = raw.rows(sql, &[&quoted(table)]);
    sqlx::Row::get(&rows[0], 0)
}

#[test]
fn the_table_is_unlogged_unless_told_otherwise_and_has_the_documented_shape() {
    within(LIMIT, || {
        let (fast, safe) = (fresh("unlogged"), fresh("logged"));
        works(&open(&fast));
        works(&builder(&safe).unlogged(false).build().unwrap());
        let mut raw = Raw::new();
        assert_eq!(persistence(&mut raw, &fast), "u");
        assert_eq!(persistence(&mut raw, &safe), "p");
        // One that is there stays as it is.
        works(&builder(&safe).build().unwrap());
        assert_eq!(persistence(&mut raw, &safe), "p");
        let sql = "SELECT string_agg(pg_get_indexdef(indexrelid), '; ' ORDER BY indexrelid) \
                   FROM pg_index WHERE indrelid = to_regclass($1)";
        let indices: String = sqlx::Row::get(&raw.rows(sql, &[&quoted(&fast)])[0], 0);
        assert!(
            indices.contains("USING btree (namespace, key)"),
            "{indices}"
        );
        assert!(
            indices.contains("USING btree (expires_at, namespace)"),
            "{indices}"
        );
        let shape = "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || attnotnull::text, ', ' \
                     ORDER BY attnum) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0";
        let shape: String = sqlx::Row::get(&raw.rows(shape, &[&quoted(&fast)])[0], 0);
        assert_eq!(
            shape,
            "namespace texttrue, key texttrue, entry byteatrue, expires_at timestamp with time zonefalse"
        );
    });
}

#[test]
fn oddly_named_tables_are_quoted() {
    within(LIMIT, || {
        let mut raw = Raw::new();
        raw.run("CREATE TABLE IF NOT EXISTS y (kept int)");
        raw.run("CREATE SCHEMA IF NOT EXISTS \"Odd schema\"; CREATE SCHEMA IF NOT EXISTS \"a.b\"");
        let long = "n".repeat(63);
        for name in [
            "select",
            "Upper Case",
            "UPPER",
            "upper",
            "with 'single' quotes",
            "x\"; drop table y; --",
            "x'; drop table y; --",
            "キャッシュ",
            "tab\tand\nnewline",
            "%s $1 \\ {} ?",
            "-- comment",
            "/* comment",
            long.as_str(),
            "Odd schema.table",
            "\"a.b\".\"c.d\"",
            "public.plain",
        ] {
            let backend = open(name);
            works(&backend);
            block_on(backend.clear(&"shop".into())).unwrap();
            block_on(backend.purge_expired(&"shop".into())).unwrap();
            works(&open(name));
        }
        let there = |raw: &mut Raw, name: &str| {
            let sql = "SELECT count(*) FROM pg_class WHERE relname = $1 AND relkind = 'r'";
            let count: i64 = sqlx::Row::get(&raw.rows(sql, &[name])[0], 0);
            count
        };
        for name in ["x\"; drop table y; --", "UPPER", "upper", "c.d", "y"] {
            assert_eq!(there(&mut raw, name), 1, "{name}");
        }
    });
}

#[test]
fn a_missing_schema_is_an_error_that_says_so() {
    within(LIMIT, || {
        let error = block_on(builder("nowhere.t").connect()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("make the schema"), "{error}");
    });
}

#[test]
fn what_else_has_the_tables_name_is_an_error_and_left_alone() {
    within(LIMIT, || {
        let mut raw = Raw::new();
        for (make, there) in [
            (
                "CREATE TABLE {} (id int)",
                "a table with id integer, without",
            ),
            (
                "CREATE TABLE {} (namespace text, key text, entry bytea, expires_at timestamptz)",
                "expires_at timestamp with time zone, without a unique index",
            ),
            (
                "CREATE TABLE {} (namespace text, key varchar(9), entry bytea, expires_at timestamptz, \
                 PRIMARY KEY (namespace, key))",
                "key character varying(9)",
            ),
            (
                "CREATE TABLE {} (namespace text, key text, entry bytea, expires_at timestamp, \
                 PRIMARY KEY (namespace, key))",
                "expires_at timestamp without time zone",
            ),
            (
                "CREATE TABLE {} (namespace text, key text, entry bytea, expires_at timestamptz, owner int NOT NULL, \
                 PRIMARY KEY (namespace, key))",
                "owner integer",
            ),
            (
                "CREATE TABLE {} (namespace text, key text, entry bytea, expires_at timestamptz NOT NULL, \
                 PRIMARY KEY (namespace, key))",
                "a table with",
            ),
            (
                "CREATE VIEW {} AS SELECT ''::text AS namespace, ''::text AS key, ''::bytea AS entry, \
                 now() AS expires_at",
                "a view with",
            ),
            ("CREATE SEQUENCE {}", "a sequence"),
        ] {
            let name = fresh("other");
            raw.run(&make.replace("{}", &quoted(&name)));
            let columns = format!(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = '{}'::regclass",
                quoted(&name)
            );
            let before = raw.count(&columns);
            let error = block_on(builder(&name).connect()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(there), "{error}");
            assert!(
                error
                    .message()
                    .contains("expected are the columns namespace text"),
                "{error}"
            );
            let backend = open(&name);
            let set = block_on(backend.set(&key("k"), super::support::entry("v")));
            assert_eq!(set.unwrap_err().kind(), ErrorKind::Config);
            assert_eq!(raw.count(&columns), before);
        }
    });
}

#[test]
fn more_columns_that_need_not_be_filled_and_partitions_are_fine() {
    within(LIMIT, || {
        let mut raw = Raw::new();
        let (wider, parts) = (quoted(&fresh("wider")), quoted(&fresh("parts")));
        let columns = "namespace text, key text, entry bytea, expires_at timestamptz";
        raw.run(&format!(
            "CREATE TABLE {wider} (id bigint GENERATED ALWAYS AS IDENTITY, {columns}, \
             made timestamptz NOT NULL DEFAULT now(), UNIQUE (key, namespace))"
        ));
        raw.run(&format!(
            "CREATE TABLE {parts} ({columns}, PRIMARY KEY (namespace, key)) PARTITION BY HASH (key)"
        ));
        for part in 0..2 {
            raw.run(&format!(
                "CREATE TABLE {} PARTITION OF {parts} FOR VALUES WITH (MODULUS 2, REMAINDER {part})",
                quoted(&fresh("part"))
            ));
        }
        for table in [wider, parts] {
            let backend = open(&table);
            works(&backend);
            block_on(async {
                let entries = ["a", "b", "c"].map(|it| (key(it), super::support::entry("v")));
                backend.set_many(entries.to_vec()).await.unwrap();
                backend.clear(&"shop".into()).await.unwrap();
                assert_eq!(get(&backend, &key("a")).await, None);
                backend.purge_expired(&"shop".into()).await.unwrap();
            });
        }
    });
}

#[test]
fn a_table_that_is_dropped_is_made_anew_by_the_next_operation() {
    within(LIMIT, || {
        let table = fresh("dropped");
        let backend = open(&table);
        let mut raw = Raw::new();
        let mut drop = || raw.run(&format!("DROP TABLE {}", quoted(&table)));
        works(&backend);
        block_on(async {
            drop();
            assert_eq!(get(&backend, &key("k")).await, None);
            drop();
            set(&backend, &key("k"), "v").await;
            assert_eq!(get(&backend, &key("k")).await.as_deref(), Some("v"));
            drop();
            backend.delete(&key("k")).await.unwrap();
            drop();
            assert!(!backend.exists(&key("k")).await.unwrap());
            drop();
            let entries = vec![(key("k"), super::support::entry("v"))];
            backend.set_many(entries).await.unwrap();
            drop();
            backend.clear(&"shop".into()).await.unwrap();
            drop();
            assert_eq!(backend.purge_expired(&"shop".into()).await.unwrap(), 0);
            let stats = backend.stats().await.unwrap();
            assert_eq!(stats.errors, 0);
        });
    });
}

#[test]
fn a_table_that_becomes_another_is_an_error_that_says_so() {
    within(LIMIT, || {
        let table = fresh("replaced");
        let backend = open(&table);
        works(&backend);
        let name = quoted(&table);
        let mut raw = Raw::new();
        raw.run(&format!(
            "DROP TABLE {name}; CREATE TABLE {name} (namespace text, key text, entry text)"
        ));
        let read = block_on(backend.get(&key("k"), ValueType::of::<String>()));
        let error = read.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("entry text"), "{error}");
        raw.run(&format!("DROP TABLE {name}"));
        works(&backend);
        // Under what was prepared for the table that was there.
        raw.run(&format!("ALTER TABLE {name} ALTER entry TYPE text"));
        let read = block_on(backend.get(&key("k"), ValueType::of::<String>()));
        let error = read.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("entry text"), "{error}");
        raw.run(&format!(
            "ALTER TABLE {name} ALTER entry TYPE bytea USING ''"
        ));
        works(&backend);
    });
}

/// A role that may log in and no more, and the address to do so.
fn role(raw: &mut Raw) -> (String, String) {
    let role = fresh("role").replace(' ', "_");
    raw.run(&format!("CREATE ROLE {role} LOGIN"));
    let dsn = server().dsn().replace("//postgres@", &format!("//{role}@"));
    (role, dsn)
}

fn as_role(dsn: &str, table: &str) -> PostgresBackend {
    on(dsn, table).build().unwrap()
}

#[test]
fn a_role_that_may_not_create_works_when_the_table_is_there() {
    within(LIMIT, || {
        let mut raw = Raw::new();
        let (role, dsn) = role(&mut raw);
        let table = fresh("granted");
        let poor = as_role(&dsn, &table);
        // Since PostgreSQL 15 nobody may create in the public schema.
        let error = block_on(poor.set(&key("k"), super::support::entry("v"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("permission denied"), "{error}");
        assert!(error.message().contains("grant"), "{error}");
        works(&open(&table));
        let error = block_on(poor.set(&key("k"), super::support::entry("v"))).unwrap_err();
        assert!(error.message().contains("permission denied"), "{error}");
        raw.run(&format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {role}",
            quoted(&table)
        ));
        works(&poor);
        block_on(poor.clear(&"shop".into())).unwrap();
        block_on(poor.purge_expired(&"shop".into())).unwrap();
    });
}

#[test]
fn eight_stores_in_one_process_may_make_the_table_at_once() {
    within(LIMIT, || {
        for _ in 0..5 {
            let table = fresh("raced");
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    let backend = open(&table);
                    std::thread::spawn(move || works_on_its_own(&backend))
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
}

/// As [`works`], beside others that do the same.
pub(super) fn works_on_its_own(backend: &PostgresBackend) {
    let key = key(&fresh("own"));
    block_on(async {
        set(backend, &key, "yes").await;
        assert_eq!(get(backend, &key).await.as_deref(), Some("yes"));
        assert_eq!(backend.stats().await.unwrap().errors, 0);
    });
}

#[test]
fn somebody_who_makes_the_table_past_us_is_waited_for() {
    within(LIMIT, || {
        let table = fresh("by hand");
        let mut raw = Raw::new();
        raw.run("BEGIN");
        raw.run(&format!(
            "CREATE TABLE {} (namespace text, key text, entry bytea, expires_at timestamptz, \
             PRIMARY KEY (namespace, key))",
            quoted(&table)
        ));
        let backend = open(&table);
        let works = std::thread::spawn(move || works(&backend));
        // Until it waits for the other's catalogue entries.
        let waiting =
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
        let mut other = Raw::new();
        cachestack_tests::eventually(|| other.count(waiting) > 0);
        raw.run("COMMIT");
        works.join().unwrap();
        assert_eq!(persistence(&mut other, &table), "p");
    });
}

#[test]
fn an_operation_that_runs_out_of_time_does_not_stop_the_table_from_being_made() {
    within(LIMIT, || {
        let table = fresh("slowly");
        let mut raw = Raw::new();
        raw.run("BEGIN");
        raw.run(&format!("CREATE TABLE {} (id int)", quoted(&table)));
        let backend = builder(&table)
            .timeout(Duration::from_millis(100))
            .build()
            .unwrap();
        let error = block_on(backend.set(&key("k"), super::support::entry("v"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        raw.run("ROLLBACK");
        let sql = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname = '{}'";
        cachestack_tests::eventually(|| raw.count(&sql.replace("{}", &table)) == 1);
        works(&builder(&table).build().unwrap());
    });
}
