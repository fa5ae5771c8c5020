//! Write-back to a store that is away for a while: what was flushed has arrived.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use cachestack::{Layer, WriteStrategy};
use cachestack_tests::{eventually, within};

use super::functions::Value;
use super::processes::{Shelf, in_another_process};
use super::stage::{Case, DEADLINE, Stacked, Stage, run};
use super::store::Settings;

const KEYS: u64 = 50;
const WRITERS: u64 = 4;
const TIME: Duration = Duration::from_secs(3);

fn key(id: u64) -> String {
    format!("late {id}")
}

/// Memory over the store, which is written to behind the callers' backs.
fn write_back(stage: &Stage) -> Stacked {
    let dsn = stage.dsn_of_proxy();
    let backend = stage
        .case
        .kind
        .open(&dsn, &stage.name, &Settings::default());
    let layer = Layer::new(backend).deadline(DEADLINE);
    stage.stack_with(layer, |builder| {
        builder.write_strategy(WriteStrategy::WriteBack)
    })
}

/// Goes away: killed where that loses nothing, else cut off.
fn leave(stage: &Stage) {
    match stage.store.is_lasting() {
        true => stage.store.kill(),
        false => stage.proxy.refuse(),
    }
}

fn come_back(stage: &Stage) {
    match stage.store.is_lasting() {
        true => stage.store.restart(),
        false => stage.proxy.accept(),
    }
}

/// Each key has one writer, who counts up.
fn write(stacked: &Stacked, writer: u64, written: &[AtomicU64]) {
    let began = Instant::now();
    let cache = stacked.cache.blocking();
    for version in 1.. {
        for id in (0..KEYS).filter(|id| id % WRITERS == writer) {
            cache.set(key(id), Value::new(id, version), None).unwrap();
            written[id as usize].store(version, Ordering::SeqCst);
        }
        if began.elapsed() > TIME {
            return;
        }
        sleep(Duration::from_millis(1));
    }
}

pub(super) fn what_was_flushed_has_arrived(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let stacked = write_back(&stage);
        let written: Vec<AtomicU64> = (0..KEYS).map(|_| AtomicU64::new(0)).collect();
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (stacked, written) = (&stacked, &written);
                scope.spawn(move || write(stacked, writer, written));
            }
            for _ in 0..2 {
                sleep(TIME / 6);
                leave(&stage);
                sleep(TIME / 6);
                come_back(&stage);
            }
        });
        let began = Instant::now();
        run(stacked.cache.flush()).unwrap();
        let flushing = began.elapsed();
        assert_eq!(stacked.stats().pending, Some(0));

        let versions = written.iter().map(|it| it.load(Ordering::SeqCst));
        let expected = versions
            .enumerate()
            .map(|(id, version)| (key(id as u64), id as u64, version));
        let expected: Vec<(String, u64, u64)> = expected.collect();
        let writes: u64 = expected.iter().map(|it| it.2).sum();
        in_another_process(&Shelf::of(&stage), &expected);
        case.row(
            "what_was_flushed_has_arrived",
            format!("{writes} writes, flushed in {flushing:.1?}"),
        );
    });
}

pub(super) fn what_waits_answers_and_is_replaced(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let stacked = write_back(&stage);
        let cache = stacked.cache.blocking();
        let read = |id| {
            cache
                .get::<Value>(key(id))
                .unwrap()
                .map(|it| it.version_of(id))
        };
        for id in 0..4 {
            cache.set(key(id), Value::new(id, 1), None).unwrap();
        }
        cache.flush().unwrap();

        leave(&stage);
        // Who notices first is the background.
        for version in 2..5 {
            for id in 0..3 {
                cache.set(key(id), Value::new(id, version), None).unwrap();
            }
        }
        cache.delete(key(2)).unwrap();
        cache.delete(key(3)).unwrap();
        eventually(|| stacked.stats().breaker.as_deref() != Some("closed"));
        for _ in 0..2 {
            assert_eq!([0, 1, 2, 3].map(read), [Some(4), Some(4), None, None]);
            stacked.evict();
        }
        assert_eq!(stacked.stats().pending, Some(4));

        come_back(&stage);
        let began = Instant::now();
        cache.close().unwrap();
        let closing = began.elapsed();
        let witness = stage.witness();
        let found = |id| run(witness.get::<Value>(key(id))).unwrap();
        let found = [0, 1, 2, 3].map(|id| found(id).map(|it| it.version_of(id)));
        assert_eq!(found, [Some(4), Some(4), None, None]);
        case.row(
            "what_waits_answers_and_is_replaced",
            format!("closed after {closing:.1?}"),
        );
    });
}
