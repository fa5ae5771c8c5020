//! Servers that are not there, hang, are killed and come back.

use std::thread;
use std::time::{Duration, Instant};

use cachestack::{Backend, ErrorKind, Key, RedisBackend, Result, ValueType};
use cachestack_tests::servers::Redis;
use cachestack_tests::{Proxy, eventually, within};

use super::{LONG, SECOND, block_on, entry, key, lasting, open, put, shared, text, unique};

const TIMEOUT: Duration = Duration::from_millis(500);
/// What a call may take beyond its timeout, on a machine that has other work.
const SLACK: Duration = Duration::from_millis(400);

fn timed<R>(run: impl FnOnce() -> R) -> (R, Duration) {
    let began = Instant::now();
    let result = run();
    (result, began.elapsed())
}

/// How long it takes until an operation succeeds.
fn until_it_works(backend: &RedisBackend) -> Duration {
    timed(|| eventually(|| put(backend, &key("again"), "v").is_ok())).1
}

fn unavailable<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[test]
fn a_server_that_comes_later_is_used_when_it_is_there() {
    within(LONG, || {
        let redis = Redis::start();
        redis.stop();
        let backend = block_on(RedisBackend::connect(redis.dsn())).unwrap();
        unavailable(text(&backend, &key("k")));
        redis.restart();
        assert!(until_it_works(&backend) < SECOND);
    });
}

#[test]
fn a_server_that_is_killed_costs_little_and_is_used_again_at_once() {
    within(LONG, || {
        let redis = Redis::start();
        let backend = open(redis.dsn());
        put(&backend, &key("k"), "v").unwrap();
        for _ in 0..3 {
            redis.kill();
            let (failed, took) = timed(|| text(&backend, &key("k")));
            unavailable(failed);
            assert!(took < TIMEOUT + SLACK, "{took:?}");
            eventually(|| {
                text(&backend, &key("k")).is_err_and(|error| error.kind() == ErrorKind::Unavailable)
            });
            let ((), took) =
                timed(|| (0..1_000).for_each(|_| unavailable(text(&backend, &key("k")))));
            assert!(took < SECOND, "1,000 calls took {took:?}");
            block_on(backend.stats()).unwrap();
            redis.restart();
            assert!(until_it_works(&backend) < SECOND);
        }
    });
}

#[test]
fn a_server_that_hangs_costs_one_timeout_and_then_little() {
    within(LONG, || {
        let redis = Redis::start();
        let backend = open(redis.dsn());
        put(&backend, &key("k"), "v").unwrap();
        redis.pause();
        let (failed, took) = timed(|| text(&backend, &key("k")));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Timeout);
        assert!(took >= TIMEOUT && took < TIMEOUT + SLACK, "{took:?}");
        let ((), took) = timed(|| (0..1_000).for_each(|_| unavailable(text(&backend, &key("k")))));
        assert!(took < SECOND, "1,000 calls took {took:?}");
        redis.resume();
        assert!(until_it_works(&backend) < SECOND);
        assert_eq!(text(&backend, &key("k")).unwrap().unwrap(), "v");
    });
}

#[test]
fn many_callers_of_a_server_that_hangs_all_end_in_time() {
    within(LONG, || {
        let redis = Redis::start();
        let backend = open(redis.dsn());
        put(&backend, &key("k"), "v").unwrap();
        redis.pause();
        let callers = (0..16).map(|i| {
            let backend = backend.clone();
            thread::spawn(move || {
                let began = Instant::now();
                while began.elapsed() < SECOND {
                    let (failed, took) = timed(|| put(&backend, &key(&i.to_string()), "v"));
                    unavailable(failed);
                    assert!(took < TIMEOUT + SLACK, "{took:?}");
                    thread::sleep(Duration::from_millis(1));
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        for caller in callers {
            caller.join().unwrap();
        }
        redis.resume();
        assert!(until_it_works(&backend) < SECOND);
    });
}

#[test]
fn no_write_that_was_given_up_takes_effect_later() {
    within(LONG, || {
        let redis = Redis::start();
        let proxy = Proxy::to(redis.addr());
        let builder = RedisBackend::builder(redis.dsn_at(proxy.port()));
        let backend = builder.timeout(Duration::from_millis(50)).build().unwrap();
        let direct = open(redis.dsn());
        for i in 0..10 {
            let key = key(&i.to_string());
            eventually(|| text(&backend, &key).is_ok());
            redis.pause();
            for _ in 0..5 {
                unavailable(put(&backend, &key, "late"));
                unavailable(block_on(
                    backend.set_many(vec![(key.clone(), entry(String::from("late")))]),
                ));
            }
            // What was on its way when the server stopped is there when it goes on; nothing comes after that.
            redis.resume();
            eventually(|| block_on(backend.delete(&key)).is_ok());
            for _ in 0..20 {
                assert_eq!(text(&direct, &key).unwrap(), None);
            }
        }
    });
}

#[test]
fn a_connection_that_is_closed_while_idle_is_replaced_unseen() {
    within(LONG, || {
        let proxy = Proxy::to(shared().addr());
        let builder = RedisBackend::builder(shared().dsn_at(proxy.port())).namespace(unique());
        let backend = builder.build().unwrap();
        put(&backend, &key("k"), "v").unwrap();
        for _ in 0..10 {
            proxy.reset();
            proxy.drop_connections();
            eventually(|| proxy.connections() == 1);
            assert_eq!(text(&backend, &key("k")).unwrap().unwrap(), "v");
        }
    });
}

#[test]
fn an_answer_that_is_cut_off_is_no_value() {
    within(LONG, || {
        let proxy = Proxy::to(shared().addr());
        let builder = RedisBackend::builder(shared().dsn_at(proxy.port())).namespace(unique());
        let backend = builder.build().unwrap();
        let long = "v".repeat(10_000);
        put(&backend, &key("k"), &long).unwrap();
        for bytes in [0, 1, 5, 20, 300, 9_000] {
            proxy.cut_next_answer_after(bytes);
            unavailable(text(&backend, &key("k")));
            eventually(|| text(&backend, &key("k")).is_ok());
            assert_eq!(text(&backend, &key("k")).unwrap().unwrap(), long);
        }
    });
}

#[test]
fn a_read_that_is_given_up_mixes_nothing_up() {
    within(LONG, || {
        let proxy = Proxy::to(shared().addr());
        let builder = RedisBackend::builder(shared().dsn_at(proxy.port())).namespace(unique());
        let backend = builder.timeout(Duration::from_millis(100)).build().unwrap();
        let keys: Vec<Key> = (0..10).map(|i| key(&i.to_string())).collect();
        for (i, key) in keys.iter().enumerate() {
            put(&backend, key, &i.to_string()).unwrap();
        }
        for round in 0..30 {
            let (lost, kept) = (&keys[round % 10], &keys[(round + 1) % 10]);
            match round % 2 {
                // Its caller goes away.
                0 => drop(begin(backend.get(lost, ValueType::of::<String>()))),
                // Its time is over.
                _ => {
                    let held = proxy.hold();
                    unavailable(text(&backend, lost));
                    drop(held);
                    eventually(|| text(&backend, lost).is_ok());
                }
            }
            let expected = ((round + 1) % 10).to_string();
            assert_eq!(text(&backend, kept).unwrap().unwrap(), expected);
        }
        assert_eq!(block_on(backend.stats()).unwrap().corrupt, 0);
    });
}

/// Begins a future, and lets it go.
fn begin<F: Future>(future: F) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(future).poll(&mut context).is_ready()
}

#[test]
fn a_long_answer_closes_no_connection_that_others_are_answered_on() {
    within(LONG, || {
        let proxy = Proxy::to(shared().addr());
        let builder = RedisBackend::builder(shared().dsn_at(proxy.port())).namespace(unique());
        let backend = builder.timeout(2 * SECOND).build().unwrap();
        let large = vec![7_u8; 16 << 20];
        block_on(backend.set(&key("large"), lasting(large.clone(), super::MINUTE))).unwrap();
        proxy.reset();
        let found = block_on(backend.get(&key("large"), ValueType::of::<Vec<u8>>())).unwrap();
        assert!(found.hit().unwrap().value::<Vec<u8>>() == Some(&large));
        assert_eq!(proxy.connections(), 0);
    });
}

#[test]
fn a_silent_backend_answers_nothing_and_counts() {
    within(LONG, || {
        let builder = RedisBackend::builder("redis://127.0.0.1:1").silent(true);
        let backend = builder.build().unwrap();
        put(&backend, &key("k"), "v").unwrap();
        assert_eq!(text(&backend, &key("k")).unwrap(), None);
        block_on(backend.clear(key("k").namespace())).unwrap();
        let stats = block_on(backend.stats()).unwrap();
        assert_eq!((stats.errors, stats.writes, stats.hits), (3, 0, 0));
    });
}
