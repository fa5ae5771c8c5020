//! What the memory store does beyond the contract: eviction, limits, and freeing what has ended.
#![cfg(all(feature = "testing", feature = "memory"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod support;

use std::thread;
use std::time::{Duration, Instant};

use cachestack_backends::{
    Backend, Clock, ErrorKind, EvictionPolicy, MemoryBackend, MemoryBuilder, MemoryConfig,
    ValueType,
};
use serde::{Deserialize, Serialize};
use support::{Desk, MINUTE, SECOND, key, numbers, soon};

const POLICIES: [EvictionPolicy; 4] = [
    EvictionPolicy::S3Fifo,
    EvictionPolicy::Lru,
    EvictionPolicy::Lfu,
    EvictionPolicy::Ttl,
];

fn desk(builder: MemoryBuilder) -> Desk {
    let clock = Clock::manual();
    let memory = builder.clock(clock.clone()).build().unwrap();
    Desk::new(&memory, &clock)
}

fn of(policy: EvictionPolicy, max_entries: usize) -> Desk {
    desk(
        MemoryBackend::builder()
            .policy(policy)
            .max_entries(max_entries),
    )
}

/// A store whose entries weigh what their value, a number, says.
fn weighing(policy: EvictionPolicy, max_weight_bytes: u64) -> Desk {
    let builder = MemoryBackend::builder().policy(policy);
    desk(builder.max_weight_bytes(max_weight_bytes, |_, entry| *entry.value::<u64>().unwrap()))
}

fn present(desk: &Desk, texts: &[&str]) -> Vec<String> {
    let present = texts.iter().filter(|text| desk.has(text));
    present.map(|text| (*text).to_owned()).collect()
}

#[test]
fn of_three_entries_the_untouched_one_goes() {
    for policy in [EvictionPolicy::Lru, EvictionPolicy::Lfu] {
        for untouched in ["a", "b", "c"] {
            let desk = of(policy, 3);
            for text in ["a", "b", "c"] {
                desk.set(text, 1_u64);
            }
            for touched in ["a", "b", "c"].iter().filter(|text| **text != untouched) {
                assert_eq!(desk.get(touched), Some(1_u64));
            }
            desk.set("d", 1_u64);
            assert!(!desk.has(untouched), "{policy:?} kept {untouched}");
            assert_eq!(present(&desk, &["a", "b", "c", "d"]).len(), 3);
            assert_eq!(desk.stats().evictions, 1);
        }
    }
}

#[test]
fn lru_counts_reads_peeks_and_writes_as_uses_but_not_questions() {
    let desk = of(EvictionPolicy::Lru, 4);
    for text in ["asked", "read", "peeked", "written"] {
        desk.set(text, 1_u64);
    }
    desk.get::<u64>("read").unwrap();
    desk.backend
        .peek(key("peeked").digest(), ValueType::of::<u64>())
        .unwrap();
    desk.set("written", 2_u64);
    desk.has("asked");
    soon(desk.backend.ttl(&key("asked"))).unwrap();
    for (new, goes) in [
        ("e", "asked"),
        ("f", "read"),
        ("g", "peeked"),
        ("h", "written"),
    ] {
        assert!(desk.has(goes));
        desk.set(new, 1_u64);
        assert!(!desk.has(goes), "{goes} should have gone first");
    }
}

#[test]
fn lfu_keeps_what_is_used_most_and_among_equals_what_was_used_last() {
    let desk = of(EvictionPolicy::Lfu, 3);
    for (text, reads) in [("thrice", 3), ("once", 1), ("also once", 1)] {
        desk.set(text, 1_u64);
        (0..reads).for_each(|_| assert!(desk.get::<u64>(text).is_some()));
    }
    desk.set("new", 1_u64);
    assert_eq!(
        present(&desk, &["thrice", "once", "also once", "new"]),
        ["thrice", "also once", "new"]
    );
    desk.set("newer", 1_u64);
    assert_eq!(
        present(&desk, &["thrice", "also once", "new", "newer"]),
        ["thrice", "also once", "newer"]
    );
}

#[test]
fn ttl_evicts_what_ends_first_and_what_never_ends_last() {
    let desk = of(EvictionPolicy::Ttl, 3);
    desk.set("endless", 1_u64);
    desk.set_for("late", 1_u64, 10 * MINUTE);
    desk.set_for("soon", 1_u64, MINUTE);
    // Reading does not change when it ends.
    desk.get::<u64>("soon").unwrap();
    desk.set_for("later", 1_u64, 20 * MINUTE);
    assert_eq!(
        present(&desk, &["endless", "late", "soon", "later"]),
        ["endless", "late", "later"]
    );
    // Writing does.
    desk.set_for("late", 1_u64, 30 * MINUTE);
    desk.set_for("new", 1_u64, 40 * MINUTE);
    assert_eq!(
        present(&desk, &["endless", "late", "later", "new"]),
        ["endless", "late", "new"]
    );
}

#[test]
fn every_policy_holds_its_number_of_entries_and_what_was_just_set() {
    for policy in POLICIES {
        for most in [1, 2, 3, 5, 33, 100, 1_023, 1_024, 1_025, 1_500] {
            let desk = of(policy, most);
            for (round, number) in numbers(0).take(3 * most + 10).enumerate() {
                let text = format!("k{}", number % (2 * most as u64));
                desk.set(&text, round);
                assert_eq!(desk.get(&text), Some(round), "{policy:?} of {most}");
                if number % 3 == 0 {
                    desk.get::<usize>(&format!("k{}", number % 7));
                }
            }
            let stats = desk.stats();
            assert!(stats.entries.unwrap() <= most as u64, "{policy:?}: {stats}");
            assert_eq!(stats.max_entries, Some(most as u64));
            if most < 1_024 {
                assert_eq!(stats.entries.unwrap(), most as u64, "{policy:?}: {stats}");
            }
            assert!(stats.evictions > 0, "{policy:?}: {stats}");
        }
    }
}

#[test]
fn what_was_just_set_is_there_though_all_others_are_in_steady_use() {
    for policy in POLICIES {
        for most in [2, 3, 7, 34] {
            let desk = of(policy, most);
            for (round, number) in numbers(0).take(400).enumerate() {
                let text = format!("k{}", number % (2 * most as u64));
                desk.set(&text, round);
                assert_eq!(desk.get(&text), Some(round), "{policy:?} of {most}");
                // Often enough that what was dropped comes back among entries that were all read.
                for other in 0..2 * most {
                    if number >> (other % 32) & 1 == 1 {
                        desk.get::<usize>(&format!("k{other}"));
                    }
                }
            }
        }
    }
}

#[test]
fn replacing_an_entry_evicts_none() {
    for policy in POLICIES {
        let desk = of(policy, 3);
        for round in 0..50_u64 {
            desk.set("a", round);
            desk.set("b", round);
        }
        assert_eq!((desk.get("a"), desk.get("b")), (Some(49_u64), Some(49_u64)));
        let stats = desk.stats();
        assert_eq!(
            (stats.evictions, stats.entries, stats.errors),
            (0, Some(2), 0),
            "{policy:?}"
        );
    }
}

#[test]
fn s3_fifo_keeps_what_is_read_through_a_scan() {
    let desk = of(EvictionPolicy::S3Fifo, 100);
    let used: Vec<String> = (0..20).map(|number| format!("used {number}")).collect();
    for text in &used {
        desk.set(text, 1_u64);
    }
    for _ in 0..3 {
        used.iter()
            .for_each(|text| assert!(desk.get::<u64>(text).is_some()));
    }
    for number in 0..1_000 {
        desk.set(&format!("scanned {number}"), 1_u64);
    }
    let kept = used.iter().filter(|text| desk.has(text)).count();
    assert!(kept >= 18, "only {kept} of 20 in use are left");
}

#[test]
fn every_policy_holds_its_weight_and_what_was_just_set() {
    for policy in POLICIES {
        let desk = weighing(policy, 1_000);
        for number in numbers(0).take(2_000) {
            // Mostly small ones, now and then one that takes nearly all, often in place of another.
            let weight = match number % 10 {
                0 => 970,
                1 => 0,
                other => number / 10 % (20 * other) + 1,
            };
            let text = format!("k{}", number / 1_000 % 30);
            desk.set(&text, weight);
            assert_eq!(desk.get(&text), Some(weight), "{policy:?}");
            let bytes = desk.stats().bytes.unwrap();
            assert!(bytes <= 1_000, "{policy:?} holds {bytes}");
        }
        let stats = desk.stats();
        assert_eq!(
            (stats.errors, stats.max_bytes),
            (0, Some(1_000)),
            "{policy:?}"
        );
    }
}

#[test]
fn with_both_limits_neither_is_exceeded() {
    for policy in POLICIES {
        for most in [1, 2, 10] {
            let builder = MemoryBackend::builder().policy(policy).max_entries(most);
            let desk = desk(builder.max_weight_bytes(1_000, |_, entry| *entry.value().unwrap()));
            for number in numbers(0).take(500) {
                let (text, weight) = (format!("k{}", number % 30), number / 100 % 400);
                desk.set(&text, weight);
                assert_eq!(desk.get(&text), Some(weight), "{policy:?} of {most}");
                let stats = desk.stats();
                assert!(stats.entries.unwrap() <= most as u64, "{policy:?}: {stats}");
                assert!(stats.bytes.unwrap() <= 1_000, "{policy:?}: {stats}");
            }
        }
    }
}

#[test]
fn what_is_too_heavy_is_refused_and_leaves_nothing_under_its_key() {
    for (policy, heaviest) in POLICIES.into_iter().zip([970_u64, 1_000, 1_000, 1_000]) {
        let desk = weighing(policy, 1_000);
        desk.set("other", 1_u64);
        desk.set("heavy", heaviest - 1);
        assert_eq!(present(&desk, &["other", "heavy"]).len(), 2, "{policy:?}");
        desk.set("heavy", heaviest);
        assert_eq!(desk.get("heavy"), Some(heaviest));
        let heavy = key("heavy");
        let refused = desk.backend.set(&heavy, desk.entry(heaviest + 1));
        let error = soon(refused).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(error.backend(), Some("memory"));
        assert_eq!(error.key(), Some(key("heavy").digest()));
        assert!(!desk.has("heavy"), "{policy:?} kept what was there before");
        assert_eq!(desk.stats().errors, 1);
        desk.set("heavy", 5_u64);
        assert_eq!(desk.get("heavy"), Some(5_u64));
    }
}

#[test]
fn a_silent_store_counts_what_it_refuses() {
    let builder = MemoryBackend::builder().silent(true);
    let desk = desk(builder.max_weight_bytes(10, |_, _| 11));
    desk.set("heavy", 1_u64);
    assert!(!desk.has("heavy"));
    assert_eq!(desk.stats().errors, 1);
}

#[test]
fn the_default_ttl_and_the_longest_hold() {
    let desk = desk(MemoryBackend::builder().ttl(MINUTE).max_ttl(2 * MINUTE));
    desk.set("default", 1_u64);
    desk.set_for("short", 1_u64, SECOND);
    desk.set_for("long", 1_u64, 5 * MINUTE);
    assert_eq!(desk.left::<u64>("default"), Some(MINUTE));
    assert_eq!(desk.left::<u64>("short"), Some(SECOND));
    assert_eq!(desk.left::<u64>("long"), Some(2 * MINUTE));
    desk.clock.advance(MINUTE);
    assert_eq!(present(&desk, &["default", "short", "long"]), ["long"]);
}

#[test]
fn values_are_never_serialised() {
    #[derive(Debug, Clone, PartialEq)]
    struct Untouchable(u64);
    impl Serialize for Untouchable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("memory has no need to serialise")
        }
    }
    impl<'de> Deserialize<'de> for Untouchable {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("memory has no need to deserialise")
        }
    }
    for policy in POLICIES {
        let desk = of(policy, 10);
        desk.set("k", Untouchable(1));
        desk.set("k", Untouchable(2));
        assert_eq!(desk.get("k"), Some(Untouchable(2)));
        assert_eq!(desk.get::<String>("k"), None);
        let first = desk.look_up::<Untouchable>("k").hit().unwrap();
        let second = desk.look_up::<Untouchable>("k").hit().unwrap();
        let same = std::ptr::eq(
            first.value::<Untouchable>().unwrap(),
            second.value().unwrap(),
        );
        assert!(same, "the value is shared, not copied");
    }
}

#[test]
fn peek_finds_and_counts() {
    let desk = of(EvictionPolicy::S3Fifo, 10);
    desk.set("k", 7_u64);
    let found = desk.backend.peek(key("k").digest(), ValueType::of::<u64>());
    assert_eq!(found.unwrap().value(), Some(&7_u64));
    assert_eq!((desk.stats().hits, desk.stats().misses), (1, 0));
}

#[test]
fn what_has_ended_is_freed_when_it_is_asked_for() {
    for policy in POLICIES {
        let desk = of(policy, 10);
        desk.set_for("k", 1_u64, SECOND);
        desk.clock.advance(SECOND);
        assert_eq!(desk.stats().entries, Some(1));
        assert_eq!(desk.get::<u64>("k"), None);
        let stats = desk.stats();
        assert_eq!(
            (stats.entries, stats.expirations, stats.evictions),
            (Some(0), 1, 0)
        );
    }
}

#[test]
fn purging_says_how_many_it_freed() {
    let desk = of(EvictionPolicy::S3Fifo, 10);
    for text in ["a", "b", "c"] {
        desk.set_for(text, 1_u64, SECOND);
    }
    desk.set("endless", 1_u64);
    desk.clock.advance(SECOND);
    let purge = || soon(desk.backend.purge_expired(key("").namespace())).unwrap();
    assert_eq!((purge(), purge()), (3, 0));
    assert_eq!(
        (desk.stats().entries, desk.stats().expirations),
        (Some(1), 3)
    );
}

#[test]
fn what_has_ended_is_freed_in_the_background() {
    let stores: Vec<MemoryBackend> = POLICIES
        .map(|policy| MemoryBackend::builder().policy(policy).build().unwrap())
        .into();
    for memory in &stores {
        let desk = Desk::new(memory, &Clock::system());
        desk.set("endless", 1_u64);
        for number in 0..100 {
            desk.set_for(&format!("k{number}"), 1_u64, Duration::from_millis(50));
        }
    }
    let began = Instant::now();
    while stores.iter().any(|memory| memory.len() > 1) {
        assert!(began.elapsed() < 5 * SECOND, "not freed after 5 s");
        thread::sleep(Duration::from_millis(20));
    }
    for memory in &stores {
        let desk = Desk::new(memory, &Clock::system());
        assert_eq!(desk.get("endless"), Some(1_u64));
        assert_eq!((desk.stats().expirations, desk.stats().evictions), (100, 0));
    }
}

#[test]
fn many_threads_share_a_store() {
    for policy in POLICIES {
        for most in [50, 5_000] {
            let desk = of(policy, most);
            thread::scope(|scope| {
                for thread in 0..4_u64 {
                    let desk = &desk;
                    scope.spawn(move || {
                        for number in numbers(0).take(1_000) {
                            let text = format!("k{}", number % 200);
                            match number % 11 {
                                0 => desk.delete(&text),
                                1 => desk.set_for(&text, thread, SECOND),
                                2..=5 => desk.set(&text, thread),
                                _ => assert!(desk.get::<u64>(&text).is_none_or(|it| it < 4)),
                            }
                        }
                    });
                }
            });
            let stats = desk.stats();
            assert!(stats.entries.unwrap() <= most as u64, "{policy:?}: {stats}");
            assert_eq!(stats.errors, 0);
        }
    }
}

#[test]
fn wrong_settings_are_errors_that_name_them() {
    let builder = MemoryBackend::builder;
    for (wrong, name) in [
        (builder().max_entries(0), "max_entries"),
        (builder().max_weight_bytes(0, |_, _| 1), "max_weight_bytes"),
        (builder().ttl(Duration::ZERO), "ttl"),
        (builder().max_ttl(Duration::ZERO), "max_ttl"),
    ] {
        let error = wrong.build().unwrap_err();
        assert_eq!(
            (error.kind(), error.backend()),
            (ErrorKind::Config, Some("memory"))
        );
        assert!(error.message().contains(name), "{error}");
    }
    let mut config = MemoryConfig::default();
    config.max_entries = 0;
    assert!(MemoryBackend::new(config).is_err());
}

#[cfg(feature = "json")]
#[test]
fn settings_can_be_read_from_a_file() {
    let read = serde_json::from_str::<MemoryConfig>;
    let config = read(r#"{"policy": "lru", "max_entries": 7, "ttl": "1h 30m", "max_ttl": 86400}"#);
    let config = config.unwrap();
    assert_eq!(
        (config.policy, config.max_entries),
        (EvictionPolicy::Lru, 7)
    );
    assert_eq!(
        (config.ttl, config.max_ttl),
        (Some(90 * MINUTE), Some(1_440 * MINUTE))
    );
    assert!(!config.silent);
    assert!(read(r#"{"ttl": 0}"#).is_err());
    assert!(
        read(r#"{"maxsize": 7}"#).is_err(),
        "unknown settings are refused"
    );
}
