//! Behind PgBouncer, which gives each transaction another session.

use std::thread;

use cachestack::Backend;
use cachestack_tests::servers::PgBouncer;
use cachestack_tests::within;
use futures_executor::block_on;

use super::support::{LIMIT, MINUTE, fresh, get, key, lasting, on, server, set, works};

#[test]
fn many_clients_share_one_or_two_sessions() {
    within(LIMIT, || {
        for sessions in 1..=2 {
            let lines = format!("default_pool_size = {sessions}");
            let pooler = PgBouncer::with(server(), &[&lines]);
            let table = fresh("shared");
            let threads = (0..12).map(|client| {
                let backend = on(&pooler.dsn(), &table).pgbouncer(true).build().unwrap();
                thread::spawn(move || {
                    let own = key(&format!("own {client}"));
                    block_on(async {
                        for round in 0..25 {
                            let value = format!("{client} {round}");
                            set(&backend, &own, &value).await;
                            assert_eq!(get(&backend, &own).await, Some(value));
                            let both = [own.clone(), key("all")];
                            let entries = both.iter().map(|it| (it.clone(), lasting("v", MINUTE)));
                            backend.set_many(entries.collect()).await.unwrap();
                            assert!(backend.exists(&own).await.unwrap());
                            backend.delete_many(&both).await.unwrap();
                            assert_eq!(get(&backend, &own).await, None);
                        }
                        // The others go on in their own.
                        backend.clear(&"done".into()).await.unwrap();
                        assert_eq!(backend.stats().await.unwrap().errors, 0);
                    });
                })
            });
            for thread in threads.collect::<Vec<_>>() {
                thread.join().unwrap();
            }
        }
    });
}

#[test]
fn a_restarted_pooler_costs_no_operation() {
    within(LIMIT, || {
        let pooler = PgBouncer::start(server());
        let backend = on(&pooler.dsn(), &fresh("restarted"))
            .pgbouncer(true)
            .build()
            .unwrap();
        works(&backend);
        pooler.restart();
        works(&backend);
        assert_eq!(block_on(backend.stats()).unwrap().errors, 0);
    });
}

#[test]
fn without_the_setting_the_error_says_what_to_set() {
    within(LIMIT, || {
        let pooler = PgBouncer::start(server());
        let error = block_on(on(&pooler.dsn(), &fresh("unset")).connect()).unwrap_err();
        assert!(error.message().contains("set `pgbouncer`"), "{error}");
    });
}
