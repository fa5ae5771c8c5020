//! Random operations on caches beside a plain map that says what must come of them: in memory, in memory over files,
//! and in memory over a real Redis.
//!
//! A failure prints the shortest operations that fail. They go into a named test of their own, as the one at the end:
//! the generator keeps no files.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "reference/calls.rs"]
mod calls;
#[path = "reference/ops.rs"]
mod ops;
#[path = "reference/plain.rs"]
mod plain;
#[path = "reference/run.rs"]
mod run;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{Cache, CacheBuilder, Clock, FileBackend, MemoryBackend, RedisBackend};
use cachestack_tests::servers::Redis;
use cachestack_tests::within;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use self::ops::{Op, operations};
use self::run::Stage;

const LIMIT: Duration = Duration::from_secs(120);

/// Runs so many cases of random operations, each on a stage of its own.
fn check(cases: u32, stage: fn() -> Stage) {
    within(LIMIT, move || {
        let config = ProptestConfig {
            cases,
            failure_persistence: None,
            max_shrink_time: 20_000,
            ..ProptestConfig::default()
        };
        let checked = TestRunner::new(config).run(&operations(), |operations| {
            stage().run(&operations);
            Ok(())
        });
        if let Err(error) = checked {
            panic!("{error}");
        }
    });
}

/// No lease ends in here: who computes then is for other tests.
fn builder() -> CacheBuilder {
    Cache::builder().wait(Duration::from_secs(86_400))
}

fn memory(clock: &Clock) -> MemoryBackend {
    let memory = MemoryBackend::builder().clock(clock.clone());
    memory.build().unwrap()
}

fn in_memory() -> Stage {
    let clock = Clock::manual();
    let cache = builder().clock(clock.clone()).layer(memory(&clock));
    Stage::new(cache.build().unwrap(), Some(clock), ())
}

fn over_files() -> Stage {
    let (clock, folder) = (Clock::manual(), tempfile::tempdir().unwrap());
    let files = FileBackend::builder(folder.path()).clock(clock.clone());
    let cache = builder()
        .clock(clock.clone())
        .layer(memory(&clock))
        .layer(files.build().unwrap());
    Stage::new(cache.build().unwrap(), Some(clock), folder)
}

/// The server has a clock of its own, which nobody moves.
fn over_redis() -> Stage {
    static SERVER: LazyLock<Redis> = LazyLock::new(Redis::start);
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let redis = RedisBackend::builder(SERVER.dsn()).timeout(Duration::from_secs(10));
    let cache = builder()
        .namespace(format!("space{}", LAST.fetch_add(1, Ordering::SeqCst)))
        .layer(MemoryBackend::default())
        .layer(redis.build().unwrap());
    Stage::new(cache.build().unwrap(), None, ())
}

#[test]
fn a_cache_in_memory_does_as_the_plain_map() {
    check(400, in_memory);
}

#[test]
fn a_cache_in_memory_over_files_does_as_the_plain_map() {
    check(60, over_files);
}

#[test]
fn a_cache_in_memory_over_redis_does_as_the_plain_map() {
    check(60, over_redis);
}

#[test]
fn a_failure_lets_two_through_and_the_first_value_is_kept() {
    let operations = [
        Op::Call(0, None),
        Op::Call(0, None),
        Op::Call(0, None),
        Op::Call(0, None),
        Op::Finish(0, Err(())),
        Op::Finish(1, Ok(7)),
        Op::Finish(0, Ok(8)),
        Op::Get(0),
    ];
    within(LIMIT, move || {
        in_memory().run(&operations);
        over_files().run(&operations);
    });
}
