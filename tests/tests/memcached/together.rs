//! Look-ups of several callers that come at the same time.

use std::sync::Barrier;
use std::time::Duration;

use cachestack::{Backend, ErrorKind, MemcachedBackend, ValueType};
use cachestack_tests::Proxy;
use futures_executor::block_on;

use super::{SERVER, entry, key, own_space, run, stats, text, try_get};

const CALLERS: usize = 40;

fn through(proxy: &Proxy, timeout: Duration, pool_size: usize) -> MemcachedBackend {
    MemcachedBackend::builder(proxy.addr().to_string())
        .namespace(own_space())
        .timeout(timeout)
        .pool_size(pool_size)
        .build()
        .unwrap()
}

/// The key of each caller, whose value is its own text.
fn own(caller: usize) -> cachestack::Key {
    key(&format!("user:{caller}"))
}

async fn fill(backend: &MemcachedBackend) {
    let all = (0..CALLERS).map(|caller| (own(caller), entry(own(caller).text().to_owned())));
    backend.set_many(all.collect()).await.unwrap();
}

/// Does something for each caller, on threads of their own, which all begin at once.
fn each(does: impl Fn(usize) + Sync) {
    let begins = Barrier::new(CALLERS);
    std::thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (begins, does) = (&begins, &does);
            scope.spawn(move || {
                begins.wait();
                does(caller);
            });
        }
    });
}

#[test]
fn they_take_few_turns_and_each_gets_its_own_answer() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_secs(5), 2);
        fill(&backend).await;
        proxy.set_delay(Duration::from_millis(100));
        proxy.reset();
        each(|caller| {
            let found = block_on(text(&backend, &own(caller)));
            assert_eq!(found.as_deref(), Some(own(caller).text()));
        });
        // One goes alone, one with whoever came by then, and the others when a connection is free again.
        assert!(proxy.turns() <= 6, "{} turns", proxy.turns());
        let stats = stats(&backend).await;
        assert_eq!((stats.hits, stats.errors), (CALLERS as u64, 0));
    });
}

#[test]
fn a_server_that_hangs_is_a_timeout_to_each_and_what_it_says_later_is_no_answer() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_millis(200), 4);
        fill(&backend).await;
        let held = proxy.hold();
        each(|caller| {
            let error = block_on(try_get::<String>(&backend, &own(caller))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        });
        drop(held);
        for caller in (0..CALLERS).rev() {
            let found = text(&backend, &own(caller)).await;
            assert_eq!(found.as_deref(), Some(own(caller).text()));
        }
        assert_eq!(stats(&backend).await.errors, CALLERS as u64);
    });
}

#[test]
fn one_who_goes_away_takes_nobody_along() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_secs(5), 2);
        fill(&backend).await;
        proxy.set_delay(Duration::from_millis(20));
        each(|caller| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build();
            runtime.unwrap().block_on(async {
                let (own, wanted) = (own(caller), ValueType::of::<String>());
                if caller % 2 == 0 {
                    let moment = Duration::from_micros(100 * caller as u64);
                    let _ = tokio::time::timeout(moment, backend.get(&own, wanted)).await;
                }
                let found = text(&backend, &own).await;
                assert_eq!(found.as_deref(), Some(own.text()));
            });
        });
        assert_eq!(stats(&backend).await.errors, 0);
        assert!(
            proxy.connections() <= 2,
            "a look-up that is dropped goes on to its end"
        );
    });
}
