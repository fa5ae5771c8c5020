//! The store works from wherever it is called.

use std::thread;

use cachestack::{Backend, Cache, ErrorKind, PostgresBackend, ValueType};
use cachestack_tests::{eventually, within};
use futures_executor::block_on;
use tokio::runtime::{Builder, Runtime};

use super::support::{LIMIT, Raw, fresh, get, key, on, open, server, set, works};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn works_here(backend: &PostgresBackend) {
    let key = key(&fresh("here"));
    set(backend, &key, "yes").await;
    assert_eq!(get(backend, &key).await.as_deref(), Some("yes"));
    backend.clear(&fresh("nothing").into()).await.unwrap();
}

#[test]
fn it_works_from_every_runtime_and_from_none() {
    within(LIMIT, || {
        let table = fresh("runtimes");
        let backend = {
            // Opened and first used in a runtime that is gone afterwards.
            let runtime = current_thread();
            runtime.block_on(async {
                let backend = on(&server().dsn(), &table).connect().await.unwrap();
                works_here(&backend).await;
                backend
            })
        };
        block_on(works_here(&backend));
        current_thread().block_on(works_here(&backend));
        let many = Builder::new_multi_thread().enable_all().build().unwrap();
        many.block_on(async {
            let tasks: Vec<_> = (0..50)
                .map(|_| {
                    let backend = backend.clone();
                    tokio::spawn(async move { works_here(&backend).await })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        drop(many);
        // Without a timer and without I/O of its own.
        let bare = Builder::new_current_thread().build().unwrap();
        bare.block_on(works_here(&backend));
        block_on(works_here(&backend));
    });
}

#[test]
fn it_works_under_a_paused_clock() {
    within(LIMIT, || {
        let mut builder = Builder::new_current_thread();
        let paused = builder.enable_all().start_paused(true).build().unwrap();
        paused.block_on(async {
            let backend = PostgresBackend::builder(server().dsn())
                .table(fresh("paused"))
                .timeout(LIMIT)
                .build()
                .unwrap();
            for _ in 0..20 {
                works_here(&backend).await;
            }
            assert_eq!(backend.stats().await.unwrap().errors, 0);
        });
    });
}

#[test]
fn sync_code_works_in_and_out_of_runtimes() {
    within(LIMIT, || {
        let cache = Cache::from(open(&fresh("sync")));
        let sync = move || {
            let cache = cache.blocking();
            cache.set("k", String::from("v"), None).unwrap();
            assert_eq!(cache.get::<String>("k").unwrap().as_deref(), Some("v"));
            assert!(cache.delete("k").is_ok());
        };
        sync();
        current_thread().block_on(async { sync() });
        let many = Builder::new_multi_thread().enable_all().build().unwrap();
        many.block_on(async move { tokio::spawn(async move { sync() }).await.unwrap() });
    });
}

#[test]
fn a_closed_store_harms_no_other_and_says_so() {
    within(LIMIT, || {
        let table = fresh("closed");
        let (first, second) = (open(&table), open(&table));
        let clone = first.clone();
        works(&first);
        works(&second);
        block_on(first.close()).unwrap();
        block_on(first.close()).unwrap();
        let read = block_on(clone.get(&key("k"), ValueType::of::<String>()));
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Closed);
        let stats = block_on(clone.stats()).unwrap();
        assert_eq!(stats.errors, 1);
        works(&second);
        drop((first, clone));
        works(&second);
    });
}

/// How many sessions a name has.
fn sessions(raw: &mut Raw, name: &str) -> i64 {
    raw.count(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'"
    ))
}

#[test]
fn a_close_or_the_last_drop_closes_the_connections_from_any_context() {
    within(LIMIT, || {
        let mut raw = Raw::new();
        let name = fresh("goodbye").replace(' ', "-");
        let dsn = format!("{}?application_name={name}", server().dsn());
        let table = fresh("goodbye");
        let opened = |raw: &mut Raw| {
            let backend = on(&dsn, &table).build().unwrap();
            works(&backend);
            assert_eq!(sessions(raw, &name), 1);
            backend
        };
        let closed = opened(&mut raw);
        block_on(closed.close()).unwrap();
        eventually(|| sessions(&mut raw, &name) == 0);

        drop(opened(&mut raw));
        eventually(|| sessions(&mut raw, &name) == 0);

        let inside = opened(&mut raw);
        current_thread().block_on(async move { drop(inside) });
        eventually(|| sessions(&mut raw, &name) == 0);

        // In the middle of an operation, which goes on to its end.
        let busy = opened(&mut raw);
        let runtime = current_thread();
        runtime.block_on(async move {
            let mut set = Box::pin(async { set(&busy, &key("k"), "v").await });
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(set.as_mut().poll(context).is_ready())
            });
            polled.await;
            drop(set);
            drop(busy);
        });
        eventually(|| sessions(&mut raw, &name) == 0);
        let log = server().log();
        assert!(!log.contains("unexpected EOF"), "{log}");
    });
}

#[test]
fn the_pool_is_as_large_as_it_is_told() {
    within(LIMIT, || {
        let mut raw = Raw::new();
        let name = fresh("pool").replace(' ', "-");
        let dsn = format!("{}?application_name={name}", server().dsn());
        let builder = on(&dsn, &fresh("pool")).min_pool_size(2).max_pool_size(3);
        let backend = builder.build().unwrap();
        assert_eq!(sessions(&mut raw, &name), 0);
        works(&backend);
        eventually(|| sessions(&mut raw, &name) == 2);
        let threads: Vec<_> = (0..20)
            .map(|index| {
                let backend = backend.clone();
                thread::spawn(move || {
                    for _ in 0..30 {
                        block_on(set(&backend, &key(&index.to_string()), "v"));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let sessions = sessions(&mut raw, &name);
        assert!((2..=3).contains(&sessions), "{sessions}");
    });
}
