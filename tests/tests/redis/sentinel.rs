//! Behind sentinels.

use std::time::{Duration, Instant};

use cachestack::{Backend, ErrorKind, RedisBackend};
use cachestack_tests::servers::{Redis, RedisSentinel};
use cachestack_tests::{eventually, within};

use super::{LONG, SECOND, block_on, key, open, put, text};

/// Writes and reads until that many in a row worked, and gives the time it took.
fn until_it_works(backend: &RedisBackend, limit: Duration) -> Duration {
    let began = Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 20 {
        let one = Instant::now();
        let worked = put(backend, &key("k"), "v").is_ok() && text(backend, &key("k")).is_ok();
        assert!(
            one.elapsed() < 2 * SECOND,
            "one call took {:?}",
            one.elapsed()
        );
        in_a_row = if worked { in_a_row + 1 } else { 0 };
        assert!(began.elapsed() < limit, "it does not work again");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

fn has(backend: &RedisBackend, name: &str) -> bool {
    text(backend, &key(name)).is_ok_and(|found| found.is_some())
}

#[test]
fn a_failover_is_followed() {
    within(2 * LONG, || {
        let sentinel = RedisSentinel::of(Redis::builder(), 3);
        let backend = block_on(RedisBackend::connect(sentinel.dsn())).unwrap();
        put(&backend, &key("k"), "v").unwrap();
        let first = sentinel.primary().unwrap().port();
        let fails_over = std::thread::scope(|scope| {
            let failing = scope.spawn(|| sentinel.fail_over().port());
            until_it_works(&backend, LONG);
            failing.join().unwrap()
        });
        assert_ne!(fails_over, first);
        until_it_works(&backend, 5 * SECOND);
        // The old one takes writes until it is told, and forgets them then.
        let second = open(sentinel.wait_for_other_primary(first).dsn());
        eventually(|| put(&backend, &key("after"), "v").is_ok() && has(&second, "after"));
    });
}

#[test]
fn a_primary_that_dies_is_replaced() {
    within(2 * LONG, || {
        let sentinel = RedisSentinel::of(Redis::builder().password("hunter2"), 3);
        let backend = open(sentinel.dsn());
        put(&backend, &key("k"), "v").unwrap();
        let primary = sentinel.primary().unwrap();
        primary.kill();
        sentinel.wait_for_other_primary(primary.port());
        until_it_works(&backend, 5 * SECOND);
    });
}

#[test]
fn a_sentinel_that_hangs_or_is_gone_is_passed_over() {
    within(LONG, || {
        let sentinel = RedisSentinel::of(Redis::builder(), 3);
        sentinel.sentinels()[0].pause();
        sentinel.sentinels()[1].kill();
        let backend = open(sentinel.dsn());
        until_it_works(&backend, 5 * SECOND);
    });
}

#[test]
fn a_name_that_no_sentinel_knows_is_refused() {
    within(LONG, || {
        let sentinel = RedisSentinel::start();
        let dsn = sentinel.dsn().replace(sentinel.name(), "nobody");
        let error = text(&open(dsn.clone()), &key("k")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let error = block_on(RedisBackend::connect(dsn)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error
                .message()
                .contains("the sentinels know no primary of the name in dsn"),
            "{error}"
        );
        block_on(open(sentinel.dsn()).close()).unwrap();
    });
}
