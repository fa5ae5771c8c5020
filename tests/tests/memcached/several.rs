//! Keys shared among several servers.

use std::time::{Duration, Instant};

use cachestack::{Backend, ErrorKind, Key, Lookup, MemcachedBackend, ValueType};
use cachestack_tests::Proxy;
use cachestack_tests::servers::Memcached;

use super::raw::{Raw, name_of};
use super::{entry, get, key, run, set, stats};

fn servers() -> [Memcached; 3] {
    [(); 3].map(|()| Memcached::start())
}

fn over(addresses: &[String]) -> MemcachedBackend {
    let builder = MemcachedBackend::builder(addresses.join(","));
    builder.timeout(Duration::from_secs(5)).build().unwrap()
}

fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|n| key(&format!("user:{n}"))).collect()
}

async fn set_all(backend: &MemcachedBackend, keys: &[Key]) {
    let entries = keys.iter().map(|key| (key.clone(), entry(1)));
    backend.set_many(entries.collect()).await.unwrap();
}

/// On which of the servers each of the keys is.
fn places(servers: &[&Memcached], keys: &[Key]) -> Vec<usize> {
    let mut raws: Vec<Raw> = servers.iter().map(|server| Raw::to(server)).collect();
    let place = |key: &Key| {
        let name = name_of("", key);
        let on: Vec<usize> = (0..raws.len())
            .filter(|&at| raws[at].get(&name).is_some())
            .collect();
        assert_eq!(on.len(), 1, "one key on several servers, or none");
        on[0]
    };
    keys.iter().map(place).collect()
}

#[test]
fn each_key_is_on_one_server_and_all_have_some() {
    run(|| async {
        let servers = servers();
        let [a, b, c] = &servers;
        let addresses: Vec<String> = servers.iter().map(Memcached::dsn).collect();
        let backend = over(&addresses);
        let keys = keys(300);
        set_all(&backend, &keys).await;
        let found = places(&[a, b, c], &keys);
        for server in 0..3 {
            let share = found.iter().filter(|it| **it == server).count();
            assert!(share > 40, "{share} of 300");
        }
        // Whoever names them in another order finds them all the same.
        let turned = over(&[
            addresses[2].clone(),
            addresses[0].clone(),
            addresses[1].clone(),
        ]);
        let found = turned
            .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
            .await
            .unwrap();
        assert!(found.iter().all(Lookup::is_hit));
        for key in &keys {
            assert_eq!(get(&turned, key).await, Some(1));
        }
        backend.delete_many(&keys).await.unwrap();
        let found = turned
            .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
            .await
            .unwrap();
        assert!(!found.iter().any(Lookup::is_hit));
    });
}

#[test]
fn removing_one_of_three_servers_moves_only_its_keys() {
    run(|| async {
        let servers = servers();
        let [a, b, c] = &servers;
        let addresses: Vec<String> = servers.iter().map(Memcached::dsn).collect();
        let keys = keys(600);
        set_all(&over(&addresses), &keys).await;
        let before = places(&[a, b, c], &keys);
        let fewer = over(&addresses[..2]);
        let found = fewer
            .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
            .await
            .unwrap();
        for (found, place) in found.iter().zip(&before) {
            assert_eq!(found.is_hit(), *place != 2);
        }
        let moved = before.iter().filter(|place| **place == 2).count();
        assert!((80..320).contains(&moved), "{moved} of 600");
    });
}

#[test]
fn all_servers_are_asked_at_the_same_time_in_one_turn_each() {
    run(|| async {
        let servers = servers();
        let proxies = [0, 1, 2].map(|at: usize| Proxy::to(servers[at].addr()));
        let addresses: Vec<String> = proxies.iter().map(|it| it.addr().to_string()).collect();
        let backend = over(&addresses);
        let keys = keys(60);
        set_all(&backend, &keys).await;
        let delay = Duration::from_millis(150);
        for proxy in &proxies {
            proxy.set_delay(delay);
        }
        for operation in 0..4 {
            proxies.iter().for_each(Proxy::reset);
            let began = Instant::now();
            match operation {
                0 => drop(
                    backend
                        .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
                        .await
                        .unwrap(),
                ),
                1 => set_all(&backend, &keys).await,
                2 => backend.delete_many(&keys).await.unwrap(),
                _ => backend.clear(keys[0].namespace()).await.unwrap(),
            }
            let took = began.elapsed();
            assert!(took < 2 * delay, "{took:?} for operation {operation}");
            let turns = proxies.each_ref().map(Proxy::turns);
            assert_eq!(turns, [1; 3], "operation {operation}");
        }
        // One key concerns one server.
        proxies.iter().for_each(Proxy::reset);
        set(&backend, &keys[0], 2).await;
        assert_eq!(get(&backend, &keys[0]).await, Some(2));
        let turns = proxies.each_ref().map(Proxy::turns);
        assert_eq!(turns.iter().sum::<usize>(), 2);
        assert_eq!(turns.iter().filter(|turns| **turns == 0).count(), 2);
    });
}

#[test]
fn a_clear_reaches_all_servers_and_says_when_it_did_not() {
    run(|| async {
        let servers = servers();
        let addresses: Vec<String> = servers.iter().map(Memcached::dsn).collect();
        let (backend, other) = (over(&addresses), over(&addresses));
        let keys = keys(60);
        set_all(&backend, &keys).await;
        other.clear(keys[0].namespace()).await.unwrap();
        for key in &keys {
            assert_eq!(get::<i32>(&backend, key).await, None);
        }
        set_all(&backend, &keys).await;
        for key in &keys {
            assert_eq!(get(&other, key).await, Some(1));
        }
        servers[1].stop();
        let error = other.clear(keys[0].namespace()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains(&servers[1].dsn()), "{error}");
    });
}

#[test]
fn when_one_server_is_away_only_its_keys_fail() {
    run(|| async {
        let servers = servers();
        let [a, b, c] = &servers;
        let addresses: Vec<String> = servers.iter().map(Memcached::dsn).collect();
        let backend = over(&addresses);
        let keys = keys(60);
        set_all(&backend, &keys).await;
        let places = places(&[a, b, c], &keys);
        b.stop();
        for (key, place) in keys.iter().zip(&places) {
            let found = backend.get(key, ValueType::of::<i32>()).await;
            assert_eq!(found.is_ok(), *place != 1);
            assert!(found.is_err() || found.unwrap().is_hit());
        }
        let before = stats(&backend).await.errors;
        let many = backend
            .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
            .await;
        assert_eq!(many.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(stats(&backend).await.errors, before + 1);
        let here = keys.iter().zip(&places).filter(|(_, place)| **place != 1);
        let here: Vec<Key> = here.map(|(key, _)| key.clone()).collect();
        let found = backend
            .get_many(&cachestack_tests::wanting(&here, ValueType::of::<i32>()))
            .await
            .unwrap();
        assert!(found.iter().all(Lookup::is_hit));
        b.restart();
        until_it_answers(&backend, &keys).await;
        for key in &keys {
            set(&backend, key, 2).await;
            assert_eq!(get(&backend, key).await, Some(2));
        }
    });
}

/// A server that did not answer is not asked for a moment.
async fn until_it_answers(backend: &MemcachedBackend, keys: &[Key]) {
    let began = Instant::now();
    while backend
        .get_many(&cachestack_tests::wanting(keys, ValueType::of::<i32>()))
        .await
        .is_err()
    {
        assert!(began.elapsed() < Duration::from_secs(1), "not used again");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_that_hangs_costs_one_caller_its_timeout_and_those_after_it_nothing() {
    run(|| async {
        let servers = servers();
        let [a, b, c] = &servers;
        let addresses: Vec<String> = servers.iter().map(Memcached::dsn).collect();
        let timeout = Duration::from_millis(400);
        let backend = MemcachedBackend::builder(addresses.join(",")).timeout(timeout);
        let backend = backend.build().unwrap();
        let keys = keys(60);
        set_all(&backend, &keys).await;
        let places = places(&[a, b, c], &keys);
        b.pause();
        let began = Instant::now();
        let hanging = keys.iter().zip(&places).filter(|(_, place)| **place == 1);
        for (key, _) in hanging.take(5) {
            let found = backend.get(key, ValueType::of::<i32>()).await;
            assert!(found.unwrap_err().is_retryable());
        }
        assert!(began.elapsed() < 2 * timeout, "{:?}", began.elapsed());
        b.resume();
        until_it_answers(&backend, &keys).await;
    });
}
