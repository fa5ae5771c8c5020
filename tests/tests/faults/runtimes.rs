//! Where cached functions may be called from.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachestack::ErrorKind;
use cachestack_tests::within;
use tokio::runtime::{Builder, Runtime};

use super::functions::{Source, sync_value, value};
use super::stage::{Case, Stacked, Stage, run, runtime};

const CALLS: u64 = 5;

/// Shows something of a cache over a server of its own.
fn shown(case: Case, rule: &'static str, show: impl FnOnce(&Stage, &Stacked) + Send + 'static) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let stacked = stage.patient_cache();
        let began = Instant::now();
        show(&stage, &stacked);
        let stats = stacked.stats();
        assert_eq!((stats.errors, stats.timeouts), (0, 0));
        case.row(rule, format!("{:.1?}", began.elapsed()));
    });
}

/// Each value is computed once, and then comes from the store.
async fn calls(stacked: &Stacked, first: u64) {
    let source = Source::default();
    for id in first..first + CALLS {
        for _ in 0..2 {
            let call = stacked.cache.scope(value(id, &source));
            call.await.version_of(id);
            stacked.evict();
        }
    }
    assert_eq!(source.runs(), CALLS);
}

fn sync_calls(stacked: &Stacked, first: u64) {
    let source = Source::default();
    for id in first..first + CALLS {
        for _ in 0..2 {
            let found = stacked.cache.sync_scope(|| sync_value(id, &source));
            found.version_of(id);
            stacked.evict();
        }
    }
    assert_eq!(source.runs(), CALLS);
}

fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(4).enable_all().build().unwrap()
}

pub(super) fn in_a_multi_thread_runtime(case: Case) {
    shown(case, "in_a_multi_thread_runtime", |_, stacked| {
        let stacked = Arc::new(stacked.clone());
        multi_thread().block_on(async {
            let tasks = (0..8).map(|task| {
                let stacked = Arc::clone(&stacked);
                tokio::spawn(async move {
                    let source = Source::default();
                    for id in task * 10..task * 10 + 10 {
                        stacked.cache.scope(value(id, &source)).await.version_of(id);
                        let found = stacked.cache.sync_scope(|| sync_value(id, &source));
                        found.version_of(id);
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
    });
}

pub(super) fn in_a_current_thread_runtime(case: Case) {
    shown(case, "in_a_current_thread_runtime", |_, stacked| {
        run(async {
            calls(stacked, 0).await;
            sync_calls(stacked, 0);
            calls(stacked, 100).await;
        });
    });
}

pub(super) fn in_one_runtime_after_the_other(case: Case) {
    shown(case, "in_one_runtime_after_the_other", |_, stacked| {
        runtime().block_on(calls(stacked, 0));
        multi_thread().block_on(calls(stacked, 100));
        runtime().block_on(calls(stacked, 200));
    });
}

pub(super) fn in_no_runtime(case: Case) {
    shown(case, "in_no_runtime", |_, stacked| {
        futures_executor::block_on(calls(stacked, 0));
        sync_calls(stacked, 0);
    });
}

pub(super) fn while_the_clock_stands(case: Case) {
    shown(case, "while_the_clock_stands", |_, stacked| {
        let mut paused = Builder::new_current_thread();
        let paused = paused.enable_all().start_paused(true).build().unwrap();
        paused.block_on(async {
            calls(stacked, 0).await;
            sync_calls(stacked, 0);
        });
    });
}

pub(super) fn when_another_cache_is_closed(case: Case) {
    shown(case, "when_another_cache_is_closed", |stage, stacked| {
        let other = stage.patient_cache();
        run(calls(&other, 0));
        run(calls(stacked, 100));
        run(other.cache.close()).unwrap();

        let closed = run(other.cache.exists("k")).unwrap_err();
        assert_eq!(closed.kind(), ErrorKind::Closed);
        let source = Source::default();
        for _ in 0..2 {
            other.call(0, &source);
            other.call(1, &source);
        }
        assert_eq!(source.runs(), 4, "a closed cache keeps nothing");
        run(calls(stacked, 200));
        sync_calls(stacked, 200);
        run(stacked.cache.close()).unwrap();
        run(calls(&stage.patient_cache(), 300));
    });
}
