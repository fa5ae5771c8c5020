//! What is on the server: ours in its shape, and what others wrote under our keys.

use std::time::Duration;

use cachestack::{Backend, RedisBackend, TimeLeft, ValueType};
use cachestack_tests::within;

use super::raw::Raw;
use super::{
    LONG, MINUTE, SECOND, block_on, entry, key, lasting, put, shared, text, text_of, unique,
};

fn ours() -> (RedisBackend, Raw, String) {
    let space = unique();
    let builder = RedisBackend::builder(shared().dsn()).namespace(space.clone());
    (
        builder.build().unwrap(),
        Raw::to(shared().addr()),
        format!("{space}:shop/k"),
    )
}

#[test]
fn an_entry_is_one_string_that_expires_by_itself() {
    within(LONG, || {
        let (backend, mut raw, name) = ours();
        block_on(backend.set(&key("k"), lasting(String::from("kept"), MINUTE))).unwrap();
        let stored = raw.get(&name).unwrap();
        assert!(stored.starts_with(b"cachestack/1 value postcard 0 "));
        assert!(stored.ends_with(b"kept"));
        let left = raw.number(&[b"PTTL", name.as_bytes()]);
        assert!((59_000..=60_000).contains(&left), "{left}");
        put(&backend, &key("k"), "endless").unwrap();
        let left = raw.number(&[b"PTTL", name.as_bytes()]);
        assert!(left > 29 * 86_400_000 && left <= 30 * 86_400_000, "{left}");
        assert_eq!(raw.names(name.trim_end_matches('k')).len(), 1);
    });
}

#[test]
fn the_servers_clock_says_how_long_an_entry_is_there() {
    within(LONG, || {
        let (backend, mut raw, name) = ours();
        block_on(backend.set(&key("k"), lasting(String::from("kept"), MINUTE))).unwrap();
        assert_eq!(raw.number(&[b"PEXPIRE", name.as_bytes(), b"5000"]), 1);
        let found = block_on(backend.get(&key("k"), ValueType::of::<String>())).unwrap();
        let left = found
            .hit()
            .unwrap()
            .time_left(cachestack::Clock::system().now());
        assert!(left.unwrap() <= 5 * SECOND, "{left:?}");
        match block_on(backend.ttl(&key("k"))).unwrap() {
            TimeLeft::Left(left) => assert!(left <= 5 * SECOND && left > SECOND, "{left:?}"),
            other => panic!("{other:?}"),
        }
        // A time that is longer than the entry ever had is that of another.
        assert_eq!(raw.number(&[b"PEXPIRE", name.as_bytes(), b"5000000"]), 1);
        let found = block_on(backend.get(&key("k"), ValueType::of::<String>())).unwrap();
        let left = found
            .hit()
            .unwrap()
            .time_left(cachestack::Clock::system().now());
        assert!(left.unwrap() <= MINUTE + SECOND, "{left:?}");
    });
}

#[test]
fn without_a_limit_an_entry_has_no_end() {
    within(LONG, || {
        let space = unique();
        let builder = RedisBackend::builder(shared().dsn()).namespace(space.clone());
        let backend = builder.max_ttl(Duration::MAX).build().unwrap();
        put(&backend, &key("k"), "v").unwrap();
        let mut raw = Raw::to(shared().addr());
        assert_eq!(
            raw.number(&[b"PTTL", format!("{space}:shop/k").as_bytes()]),
            -1
        );
        assert_eq!(
            block_on(backend.ttl(&key("k"))).unwrap(),
            TimeLeft::Unlimited
        );
        assert_eq!(text(&backend, &key("k")).unwrap().unwrap(), "v");
    });
}

#[test]
fn what_others_wrote_is_a_corrupt_miss_and_is_replaced() {
    within(LONG, || {
        let (backend, mut raw, name) = ours();
        let name = name.as_bytes();
        let strange: [&[&[u8]]; 6] = [
            &[b"SET", name, b""],
            &[b"SET", name, b"garbage\0\xff"],
            &[
                b"SET",
                name,
                b"cachestack/1 value postcard 0 - - - x k - 99999999999 0\n",
            ],
            &[b"SET", name, b"subscribe"],
            &[b"RPUSH", name, b"a list"],
            &[b"HSET", name, b"a", b"hash"],
        ];
        for (i, words) in strange.into_iter().enumerate() {
            raw.ask(&[b"DEL", name]);
            raw.ask(words);
            assert_eq!(text(&backend, &key("k")).unwrap(), None);
            for others in [2, 20] {
                let others = (0..others).map(|i| key(&i.to_string()));
                let asked: Vec<_> = [key("k")].into_iter().chain(others).collect();
                let found = block_on(backend.get_many(&cachestack_tests::wanting(
                    &asked,
                    ValueType::of::<String>(),
                )))
                .unwrap();
                assert!(found.into_iter().all(|found| text_of(found).is_none()));
            }
            let stats = block_on(backend.stats()).unwrap();
            assert_eq!(
                (stats.corrupt, stats.errors),
                (3 * (i as u64 + 1), 0),
                "{words:?}"
            );
            assert!(block_on(backend.exists(&key("k"))).unwrap());
            put(&backend, &key("k"), "ours").unwrap();
            assert_eq!(text(&backend, &key("k")).unwrap().unwrap(), "ours");
        }
    });
}

#[test]
fn deletions_count_what_was_there() {
    within(LONG, || {
        let (backend, ..) = ours();
        let keys = ["a", "b", "c"].map(key);
        block_on(backend.set_many(vec![
            (keys[0].clone(), entry(1)),
            (keys[1].clone(), entry(2)),
        ]))
        .unwrap();
        block_on(backend.delete_many(&keys)).unwrap();
        block_on(backend.delete(&keys[0])).unwrap();
        let stats = block_on(backend.stats()).unwrap();
        assert_eq!((stats.writes, stats.deletes), (2, 2));
        assert_eq!(stats.to_string().split(':').next(), Some("redis"));
    });
}
