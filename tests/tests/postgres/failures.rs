//! What a call costs while the server is away, and how soon it works again.

use std::time::{Duration, Instant};

use cachestack::{Backend, ErrorKind, PostgresBackend, ValueType};
use cachestack_tests::servers::Postgres;
use cachestack_tests::{Proxy, eventually, within};
use futures_executor::block_on;

use super::support::{LIMIT, Raw, entry, fresh, get, key, on, quoted, server, set, works};

/// As configured by default, but for the pool.
fn impatient(dsn: &str, table: &str) -> PostgresBackend {
    PostgresBackend::builder(dsn).table(table).build().unwrap()
}

/// The kind of failure of a look-up, and what it took.
fn failed(backend: &PostgresBackend) -> (ErrorKind, Duration) {
    let began = Instant::now();
    let read = block_on(backend.get(&key("k"), ValueType::of::<String>()));
    (read.unwrap_err().kind(), began.elapsed())
}

fn proxied(name: &str) -> (Proxy, PostgresBackend) {
    let proxy = Proxy::to(server().addr());
    let dsn = format!("postgres://postgres@{}/postgres", proxy.addr());
    let backend = on(&dsn, &fresh(name)).max_pool_size(1).build().unwrap();
    works(&backend);
    (proxy, backend)
}

#[test]
fn a_killed_server_costs_little_and_works_again_within_a_second() {
    within(LIMIT, || {
        let own = Postgres::start();
        let backend = impatient(&own.dsn(), "t");
        works(&backend);
        own.kill();
        for _ in 0..5 {
            let (kind, took) = failed(&backend);
            assert_eq!(kind, ErrorKind::Unavailable);
            assert!(took < Duration::from_millis(250), "{took:?}");
        }
        own.restart();
        let back = Instant::now();
        let read = || block_on(backend.get(&key("k"), ValueType::of::<String>()));
        eventually(|| read().is_ok());
        assert!(
            back.elapsed() < Duration::from_secs(1),
            "{:?}",
            back.elapsed()
        );
        works(&backend);
    });
}

#[test]
fn a_server_that_comes_later_is_found() {
    within(LIMIT, || {
        let own = Postgres::start();
        own.stop();
        let backend = block_on(PostgresBackend::connect(own.dsn())).unwrap();
        assert_eq!(failed(&backend).0, ErrorKind::Unavailable);
        own.restart();
        eventually(|| block_on(backend.exists(&key("k"))).is_ok());
        works(&backend);
    });
}

#[test]
fn a_restart_while_idle_costs_no_operation() {
    within(LIMIT, || {
        let own = Postgres::start();
        let backend = on(&own.dsn(), "t").unlogged(true).build().unwrap();
        works(&backend);
        block_on(set(&backend, &key("kept"), "over a restart"));
        own.restart();
        let kept = block_on(get(&backend, &key("kept")));
        assert_eq!(kept.as_deref(), Some("over a restart"));
        own.restart();
        block_on(set(&backend, &key("k"), "v"));
        own.restart();
        block_on(backend.delete(&key("k"))).unwrap();
        own.restart();
        block_on(backend.clear(&"shop".into())).unwrap();
        assert_eq!(block_on(backend.stats()).unwrap().errors, 0);
    });
}

#[test]
fn connections_that_were_closed_while_idle_are_replaced() {
    within(LIMIT, || {
        let (proxy, backend) = proxied("idle");
        for _ in 0..5 {
            proxy.drop_connections();
            works(&backend);
        }
        // Told by the server, as an administrator or a time-out does.
        let name = fresh("ended").replace(' ', "-");
        let dsn = format!("{}?application_name={name}", server().dsn());
        let told = on(&dsn, &fresh("ended")).build().unwrap();
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{name}'"
        );
        let mut raw = Raw::new();
        for _ in 0..5 {
            works(&told);
            assert_eq!(raw.count(&end), 1);
        }
        works(&told);
        for backend in [backend, told] {
            assert_eq!(block_on(backend.stats()).unwrap().errors, 0);
        }
    });
}

#[test]
fn a_server_that_does_not_answer_costs_the_timeout_and_its_late_answer_is_nobodys() {
    within(LIMIT, || {
        let proxy = Proxy::to(server().addr());
        let dsn = format!("postgres://postgres@{}/postgres", proxy.addr());
        let timeout = Duration::from_millis(300);
        let backend = PostgresBackend::builder(dsn)
            .table(fresh("late"))
            .timeout(timeout)
            .connect_timeout(timeout)
            .build()
            .unwrap();
        eventually(|| block_on(backend.set(&key("k"), entry("of k"))).is_ok());
        eventually(|| block_on(backend.set(&key("other"), entry("of other"))).is_ok());
        for _ in 0..3 {
            eventually(|| block_on(backend.exists(&key("k"))).is_ok());
            let opened = proxy.connections();
            {
                let held = proxy.hold();
                let (kind, took) = failed(&backend);
                assert_eq!(kind, ErrorKind::Timeout);
                assert!(took >= timeout && took < 3 * timeout, "{took:?}");
                held.wait_for(1);
            }
            // The next asks for another key on another connection.
            let mut other = None;
            eventually(|| {
                let found = block_on(backend.get(&key("other"), ValueType::of::<String>()));
                other = found.ok().and_then(super::support::value);
                other.is_some()
            });
            assert_eq!(other.as_deref(), Some("of other"));
            assert!(proxy.connections() > opened);
        }
    });
}

#[test]
fn a_paused_server_costs_the_timeout_at_most() {
    within(LIMIT, || {
        let own = Postgres::start();
        let backend = impatient(&own.dsn(), "t");
        works(&backend);
        own.pause();
        // The first on the open connection, the next on none.
        for _ in 0..3 {
            let (kind, took) = failed(&backend);
            assert_eq!(kind, ErrorKind::Timeout);
            assert!(took < Duration::from_secs(1), "{took:?}");
        }
        own.resume();
        eventually(|| block_on(backend.exists(&key("k"))).is_ok());
        works(&backend);
    });
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again_or_fails_but_is_never_half() {
    within(LIMIT, || {
        let (proxy, backend) = proxied("cut");
        let value = "whole ".repeat(2_000);
        block_on(set(&backend, &key("k"), &value));
        for bytes in [1, 4, 5, 9, 60, 500, 11_000] {
            works(&backend);
            proxy.cut_next_answer_after(bytes);
            assert_eq!(block_on(get(&backend, &key("k"))).as_deref(), Some(&*value));
        }
        assert_eq!(block_on(backend.stats()).unwrap().errors, 0);
    });
}

#[test]
fn a_server_that_takes_no_more_connections_is_used_through_those_that_are_open() {
    within(LIMIT, || {
        let own = Postgres::builder()
            .setting("max_connections=5")
            .setting("superuser_reserved_connections=0")
            .start();
        let backend = on(&own.dsn(), "t").max_pool_size(20).build().unwrap();
        works(&backend);
        let threads: Vec<_> = (0..30)
            .map(|index| {
                let backend = backend.clone();
                std::thread::spawn(move || {
                    for _ in 0..20 {
                        block_on(set(&backend, &key(&index.to_string()), "v"));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(block_on(backend.stats()).unwrap().errors, 0);
    });
}

#[test]
fn the_server_gives_up_what_nobody_waits_for_any_more() {
    within(LIMIT, || {
        let table = fresh("locked");
        let backend = PostgresBackend::builder(server().dsn())
            .table(&*table)
            .timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        eventually(|| block_on(backend.set(&key("k"), entry("before"))).is_ok());
        let mut raw = Raw::new();
        raw.run(&format!(
            "BEGIN; SELECT 1 FROM {} FOR UPDATE",
            quoted(&table)
        ));
        let error = block_on(backend.set(&key("k"), entry("late"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{}%'";
        let mut other = Raw::new();
        eventually(|| other.count(&waiting.replace("{}", &table)) == 0);
        raw.run("COMMIT");
        eventually(|| block_on(backend.exists(&key("k"))).is_ok());
        assert_eq!(
            block_on(get(&backend, &key("k"))).as_deref(),
            Some("before")
        );
    });
}

#[test]
fn a_read_only_server_is_an_error_that_says_so() {
    within(LIMIT, || {
        let table = fresh("read only");
        works(&super::support::open(&table));
        let dsn = format!(
            "{}?options[default_transaction_read_only]=on",
            server().dsn()
        );
        let backend = on(&dsn, &table).build().unwrap();
        assert_eq!(block_on(get(&backend, &key("k"))), None);
        let error = block_on(backend.set(&key("k"), entry("v"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("read-only"), "{error}");
    });
}
