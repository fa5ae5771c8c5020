//! Connections: whose they are, and what becomes of them.

use std::time::{Duration, Instant};

use cachestack::{Backend, ErrorKind, MemcachedBackend, ValueType};
use cachestack_tests::servers::Memcached;
use cachestack_tests::{Proxy, eventually};

use super::{SERVER, builder, entry, get, key, own_space, run, set, stats, text, try_get};

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % most
    }
}

fn through(proxy: &Proxy, timeout: Duration) -> MemcachedBackend {
    MemcachedBackend::builder(proxy.addr().to_string())
        .namespace(own_space())
        .timeout(timeout)
        .pool_size(4)
        .build()
        .unwrap()
}

/// Does something with one of 20 keys, whose value is its own text.
async fn any(backend: &MemcachedBackend, random: &mut Random) {
    let key = key(&format!("user:{}", random.below(20)));
    let own = || entry(key.text().to_owned());
    // Those that take too long are errors.
    match random.below(6) {
        0 => drop(backend.set(&key, own()).await),
        1 => drop(backend.delete(&key).await),
        2 => drop(backend.exists(&key).await),
        3 => drop(backend.set_many(vec![(key.clone(), own())]).await),
        4 => {
            let keys = [key.clone(), super::key("user:0"), key.clone()];
            let found = backend
                .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<String>()))
                .await;
            for (found, key) in found.into_iter().flatten().zip(&keys) {
                let found = found.hit();
                let found = found.as_ref().and_then(|entry| entry.value::<String>());
                assert!(found.is_none_or(|it| it == key.text()), "{found:?}");
            }
        }
        _ => expect_own(backend, &key).await,
    }
}

async fn expect_own(backend: &MemcachedBackend, key: &cachestack::Key) {
    if let Ok(Some(found)) = try_get::<String>(backend, key).await {
        assert_eq!(found, key.text(), "the answer to another question");
    }
}

#[test]
fn a_thousand_operations_dropped_at_any_moment_swap_no_answers() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_secs(5));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(async {
            let mut random = Random(3);
            for _ in 0..1_000 {
                proxy.set_delay(Duration::from_micros(random.below(1_500)));
                let moment = Duration::from_micros(random.below(2_500));
                let _ = tokio::time::timeout(moment, any(&backend, &mut random)).await;
                let other = key(&format!("user:{}", random.below(20)));
                expect_own(&backend, &other).await;
            }
        });
        assert_eq!(stats(&backend).await.corrupt, 0);
        assert!(
            proxy.connections() <= 4,
            "dropped operations go on to their end"
        );
    });
}

#[test]
fn operations_cut_off_by_their_deadline_swap_no_answers() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_millis(4));
        let mut random = Random(5);
        for _ in 0..500 {
            proxy.set_delay(Duration::from_micros(random.below(9_000)));
            any(&backend, &mut random).await;
            let other = key(&format!("user:{}", random.below(20)));
            expect_own(&backend, &other).await;
        }
        let stats = stats(&backend).await;
        assert_eq!(stats.corrupt, 0);
        assert!(stats.errors > 50, "only {} were cut off", stats.errors);
        assert!(
            proxy.connections() > 50,
            "their connections are not used again"
        );
        proxy.set_delay(Duration::ZERO);
        eventually(|| proxy.open_connections() <= 4);
    });
}

#[test]
fn answers_that_break_off_are_errors_and_never_values() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_secs(5));
        let value = "value ".repeat(100);
        set(&backend, &key("k"), value.clone()).await;
        for bytes in (0..800).step_by(13) {
            proxy.cut_next_answer_after(bytes);
            match try_get::<String>(&backend, &key("k")).await {
                Ok(found) => assert_eq!(found.as_ref(), Some(&value), "cut after {bytes}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
            }
            proxy.cut_next_answer_after(bytes % 16);
            match backend.set(&key("k"), entry(value.clone())).await {
                Ok(()) => assert_eq!(text(&backend, &key("k")).await.as_ref(), Some(&value)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
            }
            set(&backend, &key("k"), value.clone()).await;
        }
    });
}

#[test]
fn a_connection_that_was_closed_while_idle_is_not_a_failure() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_secs(5));
        let one = key("one");
        for round in 0..50 {
            set(&backend, &one, round).await;
            proxy.drop_connections();
            // Noticed before, or only when it is used.
            if round % 2 == 0 {
                std::thread::sleep(Duration::from_millis(3));
            }
            assert_eq!(get(&backend, &one).await, Some(round));
            proxy.drop_connections();
            set(&backend, &one, -round).await;
            proxy.drop_connections();
            assert_eq!(get(&backend, &one).await, Some(-round));
            proxy.drop_connections();
            backend.delete(&one).await.unwrap();
            assert!(!backend.exists(&one).await.unwrap());
            proxy.drop_connections();
            backend.clear(one.namespace()).await.unwrap();
        }
        assert_eq!(stats(&backend).await.errors, 0);
    });
}

#[test]
fn a_server_that_closes_idle_connections_is_no_trouble() {
    run(|| async {
        let server = Memcached::builder().args(["-o", "idle_timeout=1"]).start();
        let backend = builder(&server).build().unwrap();
        set(&backend, &key("k"), 1).await;
        let mut raw = super::raw::Raw::to(&server);
        eventually(|| {
            std::thread::sleep(Duration::from_millis(50));
            raw.counted("idle_kicks") > 0
        });
        assert_eq!(get(&backend, &key("k")).await, Some(1));
        assert_eq!(stats(&backend).await.errors, 0);
    });
}

#[test]
fn closing_and_dropping_end_the_connections() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        for close in [true, false] {
            let backend = through(&proxy, Duration::from_secs(5));
            set(&backend, &key("k"), 1).await;
            assert_eq!(proxy.open_connections(), 1);
            let clone = backend.clone();
            if close {
                backend.close().await.unwrap();
                let closed = try_get::<i32>(&clone, &key("k")).await.unwrap_err();
                assert_eq!(closed.kind(), ErrorKind::Closed);
                backend.close().await.unwrap();
            }
            drop((backend, clone));
            eventually(|| proxy.open_connections() == 0);
        }
    });
}

#[test]
fn a_close_waits_for_what_is_under_way_and_not_for_ever() {
    run(|| async {
        let proxy = Proxy::to(SERVER.addr());
        let backend = through(&proxy, Duration::from_millis(400));
        set(&backend, &key("k"), 1).await;
        proxy.set_delay(Duration::from_millis(100));
        let other = backend.clone();
        let under_way = std::thread::spawn(move || {
            futures_executor::block_on(async { get::<i32>(&other, &key("k")).await })
        });
        let held = proxy.hold();
        held.wait_for(1);
        drop(held);
        backend.close().await.unwrap();
        assert_eq!(under_way.join().unwrap(), Some(1));

        let backend = through(&proxy, Duration::from_millis(200));
        let held = proxy.hold();
        let other = backend.clone();
        let under_way = std::thread::spawn(move || {
            futures_executor::block_on(async { try_get::<i32>(&other, &key("k")).await })
        });
        held.wait_for(1);
        let began = Instant::now();
        backend.close().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(2));
        assert!(under_way.join().unwrap().is_err());
        drop(held);
        eventually(|| proxy.open_connections() == 0);
    });
}

#[test]
fn of_two_backends_one_is_closed_and_the_other_goes_on() {
    run(|| async {
        let (one, other) = (super::own(), super::own());
        set(&one, &key("k"), 1).await;
        set(&other, &key("k"), 2).await;
        one.close().await.unwrap();
        assert_eq!(get(&other, &key("k")).await, Some(2));
        drop(one);
        assert_eq!(get(&other, &key("k")).await, Some(2));
    });
}
