//! From every runtime, from none, and after the end.

use std::thread;

use cachestack::{Backend, Cache, ErrorKind, RedisBackend, ValueType};
use cachestack_tests::within;
use tokio::runtime::{Builder, Runtime};

use super::{LONG, backend, block_on, entry, key, lasting, put, text, text_of};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn round_trip(backend: &RedisBackend, name: &str) {
    backend
        .set(&key(name), entry(name.to_owned()))
        .await
        .unwrap();
    let found = backend
        .get(&key(name), ValueType::of::<String>())
        .await
        .unwrap();
    assert_eq!(text_of(found).unwrap(), name);
}

#[test]
fn one_backend_serves_every_runtime_one_after_the_other() {
    within(LONG, || {
        let backend = backend();
        current_thread().block_on(round_trip(&backend, "a runtime that is dropped next"));
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let tasks = (0..20).map(|i| {
            let backend = backend.clone();
            runtime.spawn(async move { round_trip(&backend, &i.to_string()).await })
        });
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            block_on(task).unwrap();
        }
        drop(runtime);
        block_on(round_trip(&backend, "another executor"));
        // Neither timers nor sockets of the caller's runtime are needed.
        let bare = Builder::new_current_thread().build().unwrap();
        bare.block_on(round_trip(&backend, "a runtime without drivers"));
    });
}

#[test]
fn sync_code_uses_it_in_and_out_of_a_runtime() {
    within(LONG, || {
        let cache = Cache::from(backend());
        let sync = move |name: &str| {
            let cache = cache.blocking();
            cache.set(name, 7, None).unwrap();
            assert_eq!(cache.get::<i32>(name).unwrap(), Some(7));
        };
        sync("plain");
        current_thread().block_on(async { sync("in a runtime of one thread") });
        Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap()
            .block_on(async { sync("in one of several") });
    });
}

#[test]
fn a_paused_clock_of_the_caller_ends_nothing_early() {
    within(LONG, || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let backend = backend();
            for i in 0..100 {
                round_trip(&backend, &i.to_string()).await;
            }
        });
    });
}

#[test]
fn of_two_backends_one_may_be_closed() {
    within(LONG, || {
        let [closed, open] = [backend(), backend()];
        for backend in [&closed, &open] {
            put(backend, &key("k"), "v").unwrap();
        }
        let twin = closed.clone();
        for _ in 0..2 {
            block_on(closed.close()).unwrap();
        }
        assert_eq!(
            text(&twin, &key("k")).unwrap_err().kind(),
            ErrorKind::Closed
        );
        assert_eq!(
            put(&twin, &key("k"), "v").unwrap_err().kind(),
            ErrorKind::Closed
        );
        block_on(twin.stats()).unwrap();
        assert_eq!(text(&open, &key("k")).unwrap().unwrap(), "v");
    });
}

#[test]
fn a_backend_that_was_never_used_closes_and_drops() {
    within(LONG, || {
        drop(backend());
        block_on(backend().close()).unwrap();
    });
}

#[test]
fn close_lets_a_write_that_nobody_waits_for_end() {
    within(LONG, || {
        for _ in 0..20 {
            let builder = RedisBackend::builder(super::shared().dsn());
            let space = super::unique();
            let backend = builder.namespace(space.clone()).build().unwrap();
            put(&backend, &key("k"), "before").unwrap();
            let key = key("k");
            let mut write =
                Box::pin(backend.set(&key, lasting(vec![1_u8; 1 << 20], super::MINUTE)));
            let polled = std::future::Future::poll(
                write.as_mut(),
                &mut std::task::Context::from_waker(std::task::Waker::noop()),
            );
            drop(write);
            block_on(backend.close()).unwrap();
            let again = RedisBackend::builder(super::shared().dsn())
                .namespace(space)
                .build()
                .unwrap();
            let found = block_on(again.get(&key, ValueType::of::<Vec<u8>>())).unwrap();
            assert!(found.is_hit(), "{polled:?}");
        }
    });
}

#[test]
fn the_last_clone_may_be_dropped_anywhere() {
    within(LONG, || {
        let proxy = cachestack_tests::Proxy::to(super::shared().addr());
        let open = || {
            let backend = super::open(super::shared().dsn_at(proxy.port()));
            put(&backend, &key(&super::unique()), "v").unwrap();
            backend
        };
        let gone = || cachestack_tests::eventually(|| proxy.open_connections() == 0);
        drop(open());
        gone();
        let backend = open();
        current_thread().block_on(async move { drop(backend) });
        gone();
        let backend = open();
        Builder::new_multi_thread()
            .build()
            .unwrap()
            .block_on(async move {
                tokio::spawn(async move { drop(backend) }).await.unwrap();
            });
        gone();
        let backend = open();
        thread::spawn(move || drop(backend)).join().unwrap();
        gone();
    });
}
