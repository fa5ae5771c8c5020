//! Who says when an entry ends: the server.

use std::time::{Duration, Instant};

use cachestack::{Backend, Clock, Entry, TimeLeft, ValueType};
use cachestack_tests::{eventually, within};
use futures_executor::block_on;

use super::support::{LIMIT, MINUTE, Raw, builder, fresh, get, key, lasting, open, quoted, set};

const HOUR: Duration = Duration::from_secs(3_600);

/// A clock that is so far ahead of the server's.
fn ahead(by: Duration) -> Clock {
    let clock = Clock::manual();
    clock.advance(by);
    clock
}

fn left(backend: &impl Backend, text: &str) -> Duration {
    match block_on(backend.ttl(&key(text))).unwrap() {
        TimeLeft::Left(left) => left,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_writer_whose_clock_is_wrong_shortens_and_lengthens_nothing() {
    within(LIMIT, || {
        let table = fresh("clocks");
        let right = open(&table);
        for hours in [3, 24 * 400] {
            let clock = ahead(hours * HOUR);
            let wrong = builder(&table).clock(clock.clone()).build().unwrap();
            let now = clock.now();
            let entry = Entry::new(String::from("v"), now).expiring(now.checked_add(MINUTE));
            block_on(wrong.set(&key("minute"), entry)).unwrap();
            let short = Entry::new(String::from("v"), now)
                .expiring(now.checked_add(Duration::from_millis(300)));
            block_on(wrong.set(&key("short"), short)).unwrap();
            let began = Instant::now();

            let found = block_on(right.get(&key("minute"), ValueType::of::<String>())).unwrap();
            let now = Clock::system().now();
            let end = found.hit().unwrap().time_left(now).unwrap();
            assert!(end <= MINUTE && end > MINUTE / 2, "{end:?}");
            let stored = left(&right, "minute");
            assert!(stored <= MINUTE && stored > MINUTE / 2, "{stored:?}");
            eventually(|| block_on(get(&right, &key("short"))).is_none());
            let lived = began.elapsed();
            assert!(lived < Duration::from_secs(5), "{lived:?}");
        }
    });
}

#[test]
fn a_reader_whose_clock_is_wrong_finds_what_is_left() {
    within(LIMIT, || {
        let table = fresh("clocks");
        let right = open(&table);
        block_on(right.set(&key("k"), lasting("v", MINUTE))).unwrap();
        let clock = ahead(24 * HOUR);
        let wrong = builder(&table).clock(clock.clone()).build().unwrap();
        let found = block_on(wrong.get(&key("k"), ValueType::of::<String>())).unwrap();
        let end = found.hit().unwrap().time_left(clock.now()).unwrap();
        assert!(end <= MINUTE && end > MINUTE / 2, "{end:?}");
    });
}

#[test]
fn a_reader_never_keeps_an_entry_longer_than_the_server() {
    within(LIMIT, || {
        let table = fresh("kept");
        let backend = open(&table);
        let mut raw = Raw::new();
        for _ in 0..50 {
            block_on(backend.set(&key("k"), lasting("v", MINUTE))).unwrap();
            let found = block_on(backend.get(&key("k"), ValueType::of::<String>())).unwrap();
            let entry = found.hit().unwrap();
            let sql = "SELECT extract(epoch FROM expires_at - clock_timestamp())::float8 FROM ";
            let rows = raw.rows(&format!("{sql}{}", quoted(&table)), &[]);
            // The server was asked before the clock here, so less is left here at the same time.
            let on_server = Duration::from_secs_f64(sqlx::Row::get(&rows[0], 0));
            let here = entry.time_left(Clock::system().now()).unwrap();
            assert!(here <= on_server, "{here:?} of {on_server:?}");
        }
    });
}

#[test]
fn times_beyond_what_a_column_holds_are_the_longest_it_can() {
    within(LIMIT, || {
        let table = fresh("long");
        let builder = builder(&table).max_ttl(Duration::MAX);
        let backend = builder
            .ttl(Duration::from_secs(u64::MAX / 4))
            .build()
            .unwrap();
        let year = 365 * 24 * HOUR;
        block_on(set(&backend, &key("beyond"), "v"));
        block_on(backend.set(&key("centuries"), lasting("v", 400 * year))).unwrap();
        assert_eq!(
            block_on(get(&backend, &key("beyond"))).as_deref(),
            Some("v")
        );
        assert_eq!(
            block_on(get(&backend, &key("centuries"))).as_deref(),
            Some("v")
        );
        assert!(left(&backend, "centuries") > 399 * year);
        // Times that others wrote.
        let mut raw = Raw::new();
        raw.run(&format!(
            "UPDATE {} SET expires_at = 'infinity' WHERE key = 'centuries'",
            quoted(&table)
        ));
        assert!(block_on(get(&backend, &key("centuries"))).is_some());
        let ttl = block_on(backend.ttl(&key("centuries"))).unwrap();
        assert_eq!(ttl, TimeLeft::Unlimited);
        raw.run(&format!(
            "UPDATE {} SET expires_at = '-infinity'",
            quoted(&table)
        ));
        assert!(block_on(get(&backend, &key("centuries"))).is_none());
        raw.run(&format!(
            "UPDATE {} SET expires_at = '294276-12-31 23:59:59+00'",
            quoted(&table)
        ));
        assert!(left(&backend, "beyond") > 290_000 * year);
        assert!(block_on(get(&backend, &key("beyond"))).is_some());
    });
}

#[test]
fn the_longest_time_is_set_as_such() {
    within(LIMIT, || {
        // What `Duration::MAX` of a clock that ends after 584 years cannot say is written past it.
        let mut raw = Raw::new();
        let end = "SELECT extract(year FROM clock_timestamp() + 9214000000000000000 * interval '1 microsecond')::int8";
        assert!(raw.count(end) > 290_000);
    });
}

#[test]
fn without_an_end_and_with_a_limit_of_none_a_row_has_none() {
    within(LIMIT, || {
        let table = fresh("endless");
        let backend = builder(&table).max_ttl(Duration::MAX).build().unwrap();
        block_on(set(&backend, &key("k"), "v"));
        assert_eq!(
            block_on(backend.ttl(&key("k"))).unwrap(),
            TimeLeft::Unlimited
        );
        let count = format!(
            "SELECT count(*) FROM {} WHERE expires_at IS NULL",
            quoted(&table)
        );
        assert_eq!(Raw::new().count(&count), 1);
    });
}
