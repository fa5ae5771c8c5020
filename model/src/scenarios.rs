//! What is run through many interleavings. Each asserts what must hold; one that hangs is found by the checker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shuttle::future::{self, JoinHandle};
use shuttle::thread;

use crate::runtime::block_on;
use crate::stage::{Computed, KEY, LEASE, Stage};

/// A task that calls.
fn task(stage: &Stage) -> JoinHandle<u64> {
    let stage = stage.clone();
    future::spawn(async move { stage.call().await })
}

/// A thread that calls.
fn sync(stage: &Stage) -> thread::JoinHandle<u64> {
    let stage = stage.clone();
    thread::spawn(move || block_on(stage.call()))
}

fn end(task: JoinHandle<u64>) -> u64 {
    match future::block_on(task) {
        Ok(value) => value,
        Err(error) => panic!("a caller ended without a value: {error:?}"),
    }
}

fn join<R>(thread: thread::JoinHandle<R>) -> R {
    match thread.join() {
        Ok(value) => value,
        Err(_) => panic!("a thread panicked"),
    }
}

/// Tasks and threads on one cold key: one computation.
pub fn callers_of_a_cold_key_compute_once() {
    let stage = Stage::new();
    let tasks = [task(&stage), task(&stage)];
    let threads = [sync(&stage), sync(&stage)];
    tasks.into_iter().for_each(|it| assert_eq!(end(it), 0));
    threads.into_iter().for_each(|it| assert_eq!(join(it), 0));
    assert_eq!(stage.begun(), 1);
    assert!(stage.is_at_rest());
}

/// The first computation comes to nothing: exactly one follows, whoever else there is.
pub fn a_leader_that_goes_is_followed_by_exactly_one() {
    let stage = Stage::new();
    let gone = Arc::new(AtomicUsize::new(0));
    let call = |stage: &Stage, gone: &Arc<AtomicUsize>| {
        let (stage, gone) = (stage.clone(), Arc::clone(gone));
        async move {
            let compute = |version| async move {
                shuttle::future::yield_now().await;
                match gone.fetch_add(1, Ordering::SeqCst) {
                    0 => Computed::Gone,
                    _ => Computed::Value(version),
                }
            };
            stage.call_with(compute).await
        }
    };
    let tasks: Vec<_> = (0..2).map(|_| future::spawn(call(&stage, &gone))).collect();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let call = call(&stage, &gone);
            thread::spawn(move || block_on(call))
        })
        .collect();
    let tasks = tasks
        .into_iter()
        .map(|it| future::block_on(it).ok().flatten());
    let threads = threads.into_iter().map(join);
    let values: Vec<_> = tasks.chain(threads).collect();
    assert_eq!(values.iter().filter(|it| it.is_none()).count(), 1);
    assert_eq!((stage.begun(), stage.most_running()), (2, 1));
    assert!(stage.is_at_rest());
}

/// Callers are dropped wherever they are, leaders and waiters: the others get a value.
pub fn callers_that_are_dropped_anywhere_hold_up_nobody() {
    let stage = Stage::new();
    let slow = |stage: &Stage| {
        let stage = stage.clone();
        future::spawn(async move {
            let compute = |version| async move {
                future::yield_now().await;
                Computed::Value(version)
            };
            stage.call_with(compute).await
        })
    };
    let doomed = [slow(&stage), slow(&stage)];
    let thread = sync(&stage);
    let stays = task(&stage);
    for task in doomed {
        task.abort();
        // Dropped when it is polled next, or done before.
        drop(future::block_on(task));
    }
    assert_eq!((end(stays), join(thread)), (0, 0));
    assert!(stage.most_running() <= 1);
    assert!(stage.is_at_rest());
}

/// Failures that cannot be shared let the others through; all end, and a value serves who still waits.
pub fn failures_let_the_others_through() {
    let stage = Stage::new();
    let failures = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let (stage, failures) = (stage.clone(), Arc::clone(&failures));
            future::spawn(async move {
                let compute = |version| async move {
                    future::yield_now().await;
                    match failures.fetch_add(1, Ordering::SeqCst) {
                        0 | 1 => Computed::Failure,
                        _ => Computed::Value(version),
                    }
                };
                stage.call_with(compute).await
            })
        })
        .collect();
    let values = tasks
        .into_iter()
        .map(|it| future::block_on(it).ok().flatten());
    let failed = values.filter(Option::is_none).count();
    assert_eq!(failed, 2);
    // One, two, and four where one of the two failed before the other had a value.
    assert!(stage.begun() <= 5 && stage.most_running() <= 4);
    assert!(stage.is_at_rest());
}

/// The lease ends while the leader hangs: one of those who wait computes, and the leader holds nobody.
pub fn after_the_lease_one_computes_too() {
    let stage = Stage::new();
    let (go, hangs) = shuttle::sync::mpsc::channel::<()>();
    let leader = {
        let stage = stage.clone();
        thread::spawn(move || {
            let compute = |version| async move {
                // Until the others are done.
                let _ = hangs.recv();
                Computed::Value(version)
            };
            block_on(stage.call_with(compute))
        })
    };
    while stage.begun() == 0 {
        thread::yield_now();
    }
    let waiting = [sync(&stage), sync(&stage)];
    let task = task(&stage);
    stage.clock().advance(LEASE);
    assert_eq!(end(task), 0);
    waiting.into_iter().for_each(|it| assert_eq!(join(it), 0));
    assert_eq!(stage.begun(), 2);
    drop(go);
    assert_eq!(join(leader), Some(0));
    assert!(stage.is_at_rest());
}

/// Who calls after an invalidation does not wait for a computation from before it.
pub fn a_call_after_an_invalidation_joins_no_older_flight() {
    let stage = Stage::new();
    let (go, hangs) = shuttle::sync::mpsc::channel::<()>();
    let leader = {
        let stage = stage.clone();
        thread::spawn(move || {
            let compute = |version| async move {
                let _ = hangs.recv();
                Computed::Value(version)
            };
            block_on(stage.call_with(compute))
        })
    };
    while stage.begun() == 0 {
        thread::yield_now();
    }
    let newest = stage.renew();
    let (thread, task) = (sync(&stage), task(&stage));
    assert_eq!((end(task), join(thread)), (newest, newest));
    drop(go);
    join(leader);
    assert_eq!(stage.memory(), Some(newest));
    assert!(stage.is_at_rest());
}

/// A computation that calls for its own key computes: it hangs otherwise.
pub fn a_call_from_within_the_computation_computes() {
    let stage = Stage::new();
    let outer = {
        let stage = stage.clone();
        future::spawn(async move {
            let inner = stage.clone();
            let compute = |_| async move {
                future::yield_now().await;
                Computed::Value(inner.call().await)
            };
            stage.call_with(compute).await
        })
    };
    let waiting = sync(&stage);
    assert_eq!(future::block_on(outer).ok().flatten(), Some(0));
    assert_eq!(join(waiting), 0);
    assert!(stage.is_at_rest());
}

fn no_reader_sees_what_was_before(invalidate: fn(&Stage)) {
    let stage = Stage::new();
    let reader = |stage: &Stage| {
        let stage = stage.clone();
        thread::spawn(move || {
            for _ in 0..2 {
                block_on(stage.call());
            }
        })
    };
    let readers = [reader(&stage), reader(&stage)];
    for _ in 0..2 {
        invalidate(&stage);
        let oldest = stage.version();
        let value = block_on(stage.call());
        assert!(value >= oldest, "{value} is from before version {oldest}");
    }
    readers.into_iter().for_each(join);
    assert!(stage.memory().is_none_or(|it| it == stage.version()));
    assert!(stage.is_at_rest());
}

/// Readers compute and store while a key is invalidated: whoever begins afterwards gets nothing older.
pub fn a_reader_after_an_invalidation_sees_nothing_older() {
    no_reader_sees_what_was_before(|stage| {
        stage.renew();
    });
}

/// The same for everything at once.
pub fn a_reader_after_a_clear_sees_nothing_older() {
    no_reader_sees_what_was_before(|stage| {
        stage.renew();
        stage.clear();
    });
}

/// A reader copies from below into memory while the key is deleted: the copy does not come back.
pub fn a_copy_from_below_does_not_outlive_a_deletion() {
    let stage = Stage::new();
    stage.put_below(1_000);
    let readers = [sync(&stage), sync(&stage)];
    stage.renew();
    let value = block_on(stage.call());
    assert!(value < 1_000, "the deleted value is back");
    for reader in readers {
        join(reader);
    }
    assert_ne!(stage.memory(), Some(1_000));
    assert!(stage.is_at_rest());
}

/// Tokens, their clones and advances race: a token that an advance came after stores nothing.
pub fn a_void_token_stores_nothing() {
    let fence = crate::fence::Fence::new();
    let store = Arc::new(shuttle::sync::Mutex::new(0_u64));
    let set = |store: &shuttle::sync::Mutex<u64>, value| {
        if let Ok(mut store) = store.lock() {
            *store = value;
        }
    };
    let token = fence.token(KEY);
    let twin = token.clone();
    let writers = [token, twin].map(|token| {
        let store = Arc::clone(&store);
        thread::spawn(move || token.commit(|| set(&store, 1)).is_some())
    });
    fence.advance(KEY, || set(&store, 2));
    let stored: Vec<bool> = writers.into_iter().map(join).collect();
    // What is committed voids the other, and what comes after the advance does not come.
    assert!(stored.iter().filter(|it| **it).count() <= 1);
    assert_eq!(store.lock().map(|it| *it).ok(), Some(2));
    assert_eq!(fence.watched(), 0);
}
