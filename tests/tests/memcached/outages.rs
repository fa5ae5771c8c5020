//! Servers that are away, come back, or do not answer.

use std::time::{Duration, Instant};

use cachestack::{Backend, Error, ErrorKind, MemcachedBackend, ValueType};
use cachestack_tests::servers::Memcached;

use super::{entry, get, key, run, set, stats, try_get};

const TIMEOUT: Duration = Duration::from_millis(300);
/// What a busy machine adds.
const SLACK: Duration = Duration::from_secs(2);

fn impatient(server: &Memcached) -> MemcachedBackend {
    let builder = MemcachedBackend::builder(server.dsn());
    builder.timeout(TIMEOUT).build().unwrap()
}

/// Every operation that asks the server, and how it failed.
async fn fail_at_everything(backend: &MemcachedBackend) -> Vec<Error> {
    let one = key("k");
    let keys = [one.clone(), key("l")];
    let entries = || keys.iter().map(|key| (key.clone(), entry(1))).collect();
    let value_type = ValueType::of::<i32>();
    let mut errors = Vec::new();
    for operation in 0..8 {
        let began = Instant::now();
        errors.extend(match operation {
            0 => backend.get(&one, value_type).await.err(),
            1 => backend.set(&one, entry(1)).await.err(),
            2 => backend.delete(&one).await.err(),
            3 => backend.exists(&one).await.err(),
            4 => backend
                .get_many(&cachestack_tests::wanting(&keys, value_type))
                .await
                .err(),
            5 => backend.set_many(entries()).await.err(),
            6 => backend.delete_many(&keys).await.err(),
            _ => backend.clear(one.namespace()).await.err(),
        });
        let took = began.elapsed();
        assert!(took < TIMEOUT + SLACK, "{took:?} for operation {operation}");
    }
    errors
}

#[test]
fn a_backend_can_be_opened_and_used_before_its_server_is_there() {
    run(|| async {
        let server = Memcached::start();
        server.stop();
        let connected = MemcachedBackend::connect(server.dsn()).await.unwrap();
        let backend = impatient(&server);
        let errors = fail_at_everything(&backend).await;
        assert_eq!(errors.len(), 8);
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.is_retryable());
            let message = format!("`{}` cannot be reached", server.dsn());
            assert_eq!(error.message(), message);
            assert_eq!(error.backend(), Some("memcached"));
        }
        // It asks no server.
        assert_eq!(stats(&backend).await.errors, 8);
        server.restart();
        for backend in [&connected, &backend] {
            set(backend, &key("k"), 1).await;
            assert_eq!(get(backend, &key("k")).await, Some(1));
        }
    });
}

#[test]
fn after_a_kill_and_a_restart_it_works_again_within_a_second() {
    run(|| async {
        let server = Memcached::start();
        let backend = impatient(&server);
        for _ in 0..3 {
            set(&backend, &key("k"), 1).await;
            server.kill();
            let errors = fail_at_everything(&backend).await;
            assert_eq!(errors.len(), 8);
            assert!(errors.iter().all(Error::is_retryable));
            server.restart();
            let began = Instant::now();
            // A restarted server has forgotten everything.
            assert_eq!(get::<i32>(&backend, &key("k")).await, None);
            set(&backend, &key("k"), 2).await;
            assert_eq!(get(&backend, &key("k")).await, Some(2));
            assert!(began.elapsed() < Duration::from_secs(1));
        }
    });
}

#[test]
fn a_restart_between_two_operations_fails_neither() {
    run(|| async {
        let server = Memcached::start();
        let backend = super::builder(&server).build().unwrap();
        for round in 0..3 {
            set(&backend, &key("k"), round).await;
            assert_eq!(get(&backend, &key("k")).await, Some(round));
            server.kill();
            server.restart();
        }
        assert_eq!(stats(&backend).await.errors, 0);
    });
}

#[test]
fn a_server_that_does_not_answer_costs_no_more_than_the_timeout() {
    run(|| async {
        let server = Memcached::start();
        let backend = impatient(&server);
        set(&backend, &key("k"), 1).await;
        server.pause();
        for error in fail_at_everything(&backend).await {
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        }
        let began = Instant::now();
        drop(MemcachedBackend::connect(server.dsn()).await.unwrap());
        assert!(began.elapsed() < Duration::from_secs(1) + SLACK);
        server.resume();
        let other = key("l");
        while try_get::<i32>(&backend, &other).await.is_err() {}
        set(&backend, &key("k"), 2).await;
        assert_eq!(get(&backend, &key("k")).await, Some(2));
    });
}

#[test]
fn a_silent_backend_counts_failures_and_goes_on() {
    run(|| async {
        let server = Memcached::start();
        let builder = MemcachedBackend::builder(server.dsn()).silent(true);
        let backend = builder.timeout(TIMEOUT).build().unwrap();
        set(&backend, &key("k"), 1).await;
        server.stop();
        assert!(fail_at_everything(&backend).await.is_empty());
        assert_eq!(stats(&backend).await.errors, 8);
        assert_eq!(get::<i32>(&backend, &key("k")).await, None);
    });
}

#[test]
fn each_failed_operation_counts_one_error() {
    run(|| async {
        let server = Memcached::start();
        let backend = impatient(&server);
        server.stop();
        let before = stats(&backend).await;
        let keys: Vec<_> = (0..50).map(|n| key(&format!("{n}"))).collect();
        backend
            .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
            .await
            .unwrap_err();
        backend.delete_many(&keys).await.unwrap_err();
        let entries = keys.iter().map(|key| (key.clone(), entry(1)));
        backend.set_many(entries.collect()).await.unwrap_err();
        let after = stats(&backend).await;
        assert_eq!(after.errors - before.errors, 3);
        assert_eq!((after.hits, after.misses, after.writes), (0, 0, 0));
    });
}
