//! Settings: what is refused, what is defaulted, and that no secret shows.

use std::error::Error as _;
use std::time::{Duration, Instant};

use cachestack::{
    Backend, Error, ErrorKind, PostgresBackend, PostgresBuilder, PostgresConfig, ValueType,
};
use cachestack_tests::servers::Postgres;
use cachestack_tests::within;
use futures_executor::block_on;

use super::support::{LIMIT, builder, fresh, get, key, on, server, set, works};

const DSN: &str = "postgresql://app:hunter2@127.0.0.1:1/shop";

fn refused(change: impl FnOnce(PostgresBuilder) -> PostgresBuilder) -> String {
    let error = change(PostgresBackend::builder(DSN)).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    expect_no_secret(&error);
    error.to_string()
}

fn expect_no_secret(error: &Error) {
    let shown = format!("{error} {error:?} {:?}", error.source());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn wrong_settings_are_refused_with_what_to_write() {
    let zero = Duration::ZERO;
    for (said, expected) in [
        (
            refused(|it| it.max_pool_size(0)),
            "postgres open wrong configuration: max_pool_size is 0, it must be at least 1",
        ),
        (
            refused(|it| it.min_pool_size(9)),
            "postgres open wrong configuration: min_pool_size is 9, it must be at most max_pool_size, which is 8",
        ),
        (
            refused(|it| it.timeout(zero)),
            "postgres open wrong configuration: timeout is zero, it must be longer; leave it out for none",
        ),
        (
            refused(|it| it.connect_timeout(zero)),
            "postgres open wrong configuration: connect_timeout is zero, it must be longer; leave it out for none",
        ),
        (
            refused(|it| it.ttl(zero)),
            "postgres open wrong configuration: ttl is zero, it must be longer; leave it out for none",
        ),
        (
            refused(|it| it.max_ttl(zero)),
            "postgres open wrong configuration: max_ttl is zero, it must be longer; leave it out for none",
        ),
        (
            refused(|it| it.auto_purge_interval(zero)),
            "postgres open wrong configuration: auto_purge_interval is zero, it must be longer; leave it out for none",
        ),
        (
            refused(|it| it.table("a.b.c")),
            "postgres open wrong configuration: table is \"a.b.c\", which has more than two parts; write `table` or \
             `schema.table`, and a part with a dot in it in double quotes",
        ),
    ] {
        assert_eq!(said, expected);
    }
    let error = PostgresBackend::new(PostgresConfig::new("redis://:hunter2@h")).unwrap_err();
    expect_no_secret(&error);
    assert_eq!(
        error.to_string(),
        "postgres open wrong configuration: dsn has another scheme than postgresql:// or postgres://; write \
         postgresql://user:password@host:5432/database, or postgresql://user@/database?host=/folder/of/the/socket"
    );
}

#[test]
fn a_file_may_hold_the_settings_and_defaults_are_as_documented() {
    let config: PostgresConfig = serde_json::from_str(
        r#"{"dsn": "postgresql://app:hunter2@db/shop", "table": "a.b", "unlogged": false, "min_pool_size": 1,
            "max_pool_size": 3, "timeout": "250ms", "connect_timeout": 2, "pgbouncer": true,
            "auto_purge_interval": "1m", "serializer": "json", "ttl": 60, "max_ttl": "1h", "namespace": "shop",
            "silent": true}"#,
    )
    .unwrap();
    assert_eq!(config.timeout, Duration::from_millis(250));
    assert_eq!(config.auto_purge_interval, Some(Duration::from_secs(60)));
    assert!(config.pgbouncer && config.silent && !config.unlogged);
    assert!(!format!("{config:?}").contains("hunter2"));
    let shown = format!("{:?}", PostgresBackend::new(config).unwrap());
    assert!(
        !shown.contains("hunter2") && shown.contains("***"),
        "{shown}"
    );

    let least: PostgresConfig = serde_json::from_str(r#"{"dsn": "postgres://h"}"#).unwrap();
    let new = PostgresConfig::new("postgres://h");
    assert_eq!(format!("{least:?}"), format!("{new:?}"));
    assert_eq!((least.min_pool_size, least.max_pool_size), (0, 8));
    assert_eq!(least.table, "cachestack");
    assert!(least.unlogged && !least.pgbouncer && !least.silent);
    assert_eq!(least.timeout, Duration::from_millis(500));
    assert_eq!(least.connect_timeout, Duration::from_secs(1));
    assert_eq!(least.max_ttl, Duration::from_secs(30 * 86_400));

    let unknown =
        serde_json::from_str::<PostgresConfig>(r#"{"dsn": "postgres://h", "tabel": "x"}"#);
    assert!(unknown.unwrap_err().to_string().contains("tabel"));
}

#[test]
fn the_right_password_opens_and_a_wrong_one_is_an_error_that_does_not_repeat_it() {
    within(LIMIT, || {
        let server = Postgres::builder().password("sesame hunter1").start();
        let dsn = |password: &str| {
            let addr = server.addr();
            format!("postgresql://postgres:{password}@{addr}/postgres")
        };
        let right = block_on(on(&dsn("sesame%20hunter1"), "t").connect()).unwrap();
        works(&right);

        let wrong = block_on(on(&dsn("hunter2"), "t").connect()).unwrap_err();
        expect_no_secret(&wrong);
        assert_eq!(wrong.kind(), ErrorKind::Config);
        assert_eq!(
            wrong.to_string(),
            "postgres open wrong configuration: the server says: password authentication failed for user \"postgres\" \
             (28P01); see user and password of dsn"
        );
        // The same without connecting first.
        let wrong = on(&dsn("hunter2"), "t").build().unwrap();
        let error = block_on(wrong.get(&key("k"), ValueType::of::<String>())).unwrap_err();
        expect_no_secret(&error);
        assert_eq!(error.kind(), ErrorKind::Config);

        let nowhere = dsn("sesame%20hunter1").replace("/postgres", "/nowhere");
        let nowhere = nowhere.replace("//nowhere:", "//postgres:");
        let error = block_on(on(&nowhere, "t").connect()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.message().contains("\"nowhere\" does not exist"),
            "{error}"
        );
    });
}

#[test]
fn an_application_starts_while_its_server_is_away() {
    within(LIMIT, || {
        let began = Instant::now();
        let backend = block_on(PostgresBackend::connect(DSN)).unwrap();
        assert!(began.elapsed() < Duration::from_secs(1));
        let error = block_on(backend.get(&key("k"), ValueType::of::<String>())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("refuses connections"), "{error}");
        expect_no_secret(&error);
        let stats = block_on(backend.stats()).unwrap();
        assert_eq!((stats.errors, stats.entries), (1, None));

        let silent = PostgresBackend::builder(DSN).silent(true).build().unwrap();
        block_on(async {
            assert_eq!(get(&silent, &key("k")).await, None);
            set(&silent, &key("k"), "v").await;
            silent.clear(&"shop".into()).await.unwrap();
            let stats = silent.stats().await.unwrap();
            assert_eq!((stats.errors, stats.misses, stats.writes), (3, 1, 0));
        });
    });
}

#[test]
fn a_server_without_encryption_is_refused_where_it_is_required() {
    within(LIMIT, || {
        let dsn = format!("{}?sslmode=require", server().dsn());
        let error = block_on(on(&dsn, "t").connect()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.message(),
            "no encrypted connection: server does not support TLS; see the sslmode of dsn"
        );
    });
}

#[test]
fn stats_say_what_was_done() {
    within(LIMIT, || {
        let table = fresh("stats");
        let backend = builder(&table).namespace("app").build().unwrap();
        block_on(async {
            set(&backend, &key("a"), "1").await;
            let entries = ["a", "b", "b"].map(|it| (key(it), super::support::entry("2")));
            backend.set_many(entries.to_vec()).await.unwrap();
            assert_eq!(get(&backend, &key("a")).await.as_deref(), Some("2"));
            assert_eq!(get(&backend, &key("missing")).await, None);
            backend.delete(&key("a")).await.unwrap();
            backend.delete(&key("a")).await.unwrap();
            backend.delete_many(&[key("a"), key("b")]).await.unwrap();
            let stats = backend.stats().await.unwrap();
            assert_eq!((stats.hits, stats.misses, stats.errors), (1, 1, 0));
            assert_eq!((stats.writes, stats.deletes), (3, 2));
            assert_eq!(stats.namespace.as_deref(), Some("app"));
            assert_eq!(stats.serializer.as_deref(), Some("postcard"));
        });
    });
}
