//! Subscribers that call cached functions from whatever thread an event is said on, the one of the connections
//! among them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use cachestack_tests::within;

use super::functions::{Source, sync_value};
use super::listener::{listen, thread_name};
use super::processes::alone;
use super::stage::{Case, DEADLINE, SLACK, Stacked, Stage};

static STACKED: OnceLock<Stacked> = OnceLock::new();
/// How often the cache was called from which thread.
static CALLED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// For how many times as long as its last call took the thread of the connections makes no other. A client says many
/// lines for one operation: with a call at each of them that thread would do hardly anything else, and no operation
/// would end within its deadline.
const REST: u32 = 3;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static RESTS_UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Calls the cache, unless this very call says something, or the last one was just now.
fn call(_: &str) {
    let Some(stacked) = STACKED.get() else { return };
    let began = Instant::now();
    let rests = RESTS_UNTIL.get().is_some_and(|until| began < until);
    if rests || INSIDE.replace(true) {
        return;
    }
    let source = Source::default();
    let cache = &stacked.cache;
    cache.sync_scope(|| sync_value(7, &source)).version_of(7);
    stacked.evict();
    // They may fail, as the store does.
    let _ = cache.blocking().get::<u64>("said");
    let _ = cache.blocking().set("said", 1_u64, None);
    INSIDE.set(false);
    if thread_name() == "cachestack-io" {
        RESTS_UNTIL.set(Some(Instant::now() + REST * began.elapsed()));
    }
    let mut called = CALLED.lock().unwrap_or_else(PoisonError::into_inner);
    *called.entry(thread_name()).or_default() += 1;
}

pub(super) fn a_subscriber_may_call_the_cache(case: Case) {
    alone(move || {
        within(Duration::from_secs(60), move || {
            let stage = Stage::new(case);
            let stacked = stage.cache_by_proxy();
            assert!(STACKED.set(stacked.clone()).is_ok());
            listen(call);
            let source = Source::default();
            let mut longest = Duration::ZERO;
            let mut calls = |ids: std::ops::Range<u64>| {
                for id in ids {
                    let began = Instant::now();
                    stacked.call(id, &source);
                    longest = longest.max(began.elapsed());
                }
            };
            calls(100..110);
            stage.proxy.drop_connections();
            calls(110..120);
            stage.proxy.refuse();
            calls(120..140);
            stage.proxy.accept();
            stacked.until_used(&stage.witness());
            calls(140..150);
            let called = CALLED
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            case.row(
                "a_subscriber_may_call_the_cache",
                format!("longest call {longest:.1?}; called from {called:?}"),
            );
            // A call and those of the subscriber in it.
            assert!(longest < 10 * (DEADLINE + SLACK), "{longest:?}");
            assert!(!called.is_empty());
        });
    });
}
