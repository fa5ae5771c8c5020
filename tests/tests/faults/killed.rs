//! A server that is killed while everybody uses it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use cachestack_tests::{eventually, within};

use super::functions::{Source, sync_value, value};
use super::stage::{BACK, Case, DEADLINE, SLACK, Stacked, Stage, run};

const BODY: Duration = Duration::from_millis(2);

/// Callers that go on until they are told to stop.
#[derive(Default)]
struct Load {
    ends: AtomicBool,
    calls: AtomicU64,
    longest: AtomicU64,
}

impl Load {
    /// Half of the calls are for keys that nobody asked for before.
    fn next(&self) -> Option<u64> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        (!self.ends.load(Ordering::SeqCst)).then_some(call / 2)
    }

    fn took(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap();
        self.longest.fetch_max(time, Ordering::SeqCst);
    }

    fn longest(&self) -> Duration {
        Duration::from_micros(self.longest.load(Ordering::SeqCst))
    }

    async fn call(&self, source: &Source) {
        while let Some(id) = self.next() {
            let began = Instant::now();
            value(id, source).await.version_of(id);
            self.took(began.elapsed());
        }
    }

    fn call_sync(&self, source: &Source) {
        while let Some(id) = self.next() {
            let began = Instant::now();
            sync_value(id, source).version_of(id);
            self.took(began.elapsed());
        }
    }

    async fn call_in_tasks(&self, source: &Source, stacked: &Stacked) {
        let cache = &stacked.cache;
        let one = || cache.scope(self.call(source));
        tokio::join!(one(), one(), one());
    }
}

pub(super) fn killed_under_load(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let stacked = stage.cache();
        let witness = stage.witness();
        let (load, source) = (Load::default(), Source::slow(BODY));
        let back = thread::scope(|scope| {
            scope.spawn(|| run(load.call_in_tasks(&source, &stacked)));
            for _ in 0..2 {
                scope.spawn(|| stacked.cache.sync_scope(|| load.call_sync(&source)));
            }
            eventually(|| stacked.stats().writes > 20);
            stage.store.kill();
            eventually(|| stacked.stats().rejected > 100);
            // It is away for a while, however fast they call.
            sleep(Duration::from_millis(300));
            stage.store.restart();
            let back = stacked.until_used(&witness);
            let used = stacked.stats().writes;
            eventually(|| stacked.stats().writes > used + 20);
            load.ends.store(true, Ordering::SeqCst);
            back
        });

        let (longest, stats) = (load.longest(), stacked.stats());
        assert!(longest < DEADLINE + BODY + SLACK, "{longest:?}");
        assert!(stats.errors > 0 && stats.opened > 0, "{stats:?}");
        assert!(back < BACK, "{back:?}");
        case.row(
            "killed_under_load",
            format!(
                "{} calls, longest {longest:.1?}; errors {}, opened {}, rejected {}; used after {back:.1?}",
                load.calls.load(Ordering::SeqCst),
                stats.errors,
                stats.opened,
                stats.rejected,
            ),
        );
    });
}
