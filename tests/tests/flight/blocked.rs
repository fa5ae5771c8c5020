//! Sync code that blocks the thread its leader needs does not wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use cachestack::{Cache, Operation, cached};
use cachestack_tests::{Shelf, within};
use tokio::runtime::Builder;

use super::handover::callers;
use super::{Gate, clocked, in_flight, settle};

const LIMIT: Duration = Duration::from_secs(10);
/// What a blocked caller may lose by finding out that it would wait in vain.
const AT_ONCE: Duration = Duration::from_millis(50);

/// Computes `k` in sync code, and says how long that took.
fn blocks(cache: &Cache) -> (u32, Duration) {
    let began = Instant::now();
    let value = cache.blocking().get_or_compute("k", None, || 2);
    (value, began.elapsed())
}

#[test]
fn on_a_runtime_of_one_thread_who_blocks_it_computes_at_once() {
    within(LIMIT, || {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let ((cache, _), gate) = (clocked(), Gate::closed());
            let leader = callers(&cache, &gate, 1, 1).remove(0);
            settle().await;
            let (value, took) = blocks(&cache);
            assert_eq!(value, 2);
            assert!(took < AT_ONCE, "it took {took:?}");
            gate.let_go(1);
            assert_eq!(leader.await.unwrap(), 1);
            assert_eq!(in_flight(&cache).await, 0);
        });
    });
}

#[test]
fn a_leader_that_still_looks_into_a_layer_is_seen_as_well() {
    within(LIMIT, || {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (shelf, gate) = (Shelf::attached(), Gate::closed());
            let cache = Cache::from(shelf.clone());
            let hold = shelf.hold(Operation::Get);
            let leader = callers(&cache, &gate, 1, 1).remove(0);
            hold.arrived().await;
            drop(hold);
            let (value, took) = blocks(&cache);
            assert_eq!(value, 2);
            assert!(took < AT_ONCE, "it took {took:?}");
            leader.abort();
        });
    });
}

#[test]
fn a_task_that_blocks_what_else_it_waits_for_computes_at_once_on_any_runtime() {
    #[cached(key = "shared")]
    async fn slow() -> u64 {
        tokio::task::yield_now().await;
        1
    }

    #[cached(key = "shared")]
    fn blocks() -> u64 {
        2
    }

    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        within(LIMIT, move || {
            let runtime = builder.worker_threads(2).build().unwrap();
            let task = async {
                let (cache, _) = clocked();
                let both = async { tokio::join!(slow(), async { blocks() }) };
                cache.scope(both).await
            };
            let values = runtime.block_on(async { tokio::spawn(task).await.unwrap() });
            assert_eq!(values, (1, 2));
        });
    }
}

#[test]
fn a_leader_that_runs_elsewhere_is_waited_for() {
    within(LIMIT, || {
        let elsewhere = Builder::new_multi_thread().worker_threads(1).build();
        let (elsewhere, (cache, _)) = (elsewhere.unwrap(), clocked());
        let (begun, has_begun) = mpsc::channel();
        let leader = elsewhere.spawn({
            let cache = cache.clone();
            let compute = move || async move {
                begun.send(()).unwrap();
                tokio::task::yield_now().await;
                1_u32
            };
            async move { cache.get_or_compute("k", None, compute).await }
        });
        has_begun.recv().unwrap();
        let here = Builder::new_current_thread().build().unwrap();
        here.block_on(async {
            assert_eq!(blocks(&cache).0, 1);
            assert_eq!(leader.await.unwrap(), 1);
        });
        assert_eq!(cache.blocking().stats().unwrap().computed, 1);
    });
}

#[test]
fn a_thread_that_waits_follows_before_a_task_that_it_keeps_from_running() {
    within(LIMIT, || {
        let (cache, _) = clocked();
        let (gate, second) = (Gate::closed(), Gate::closed());
        let elsewhere = Builder::new_multi_thread().worker_threads(1).build();
        let elsewhere = elsewhere.unwrap();
        let leader = {
            let _there = elsewhere.enter();
            callers(&cache, &gate, 1, 1).remove(0)
        };
        cachestack_tests::eventually(|| gate.begun() == 1);
        let here = Builder::new_current_thread().build().unwrap();
        here.block_on(async {
            let waiting = callers(&cache, &second, 3, 5);
            settle().await;
            leader.abort();
            // Before the leader has gone or after, the thread does not wait for its own tasks.
            let (value, _) = blocks(&cache);
            assert_eq!(value, 2);
            for task in waiting {
                assert_eq!(task.await.unwrap(), 2);
            }
        });
        assert_eq!(second.begun(), 0);
    });
}

#[test]
fn a_computation_that_moved_to_another_thread_is_waited_for_there() {
    within(LIMIT, || {
        let (cache, _) = clocked();
        let polls = Arc::new(AtomicUsize::new(0));
        let mut call = Box::pin({
            let (cache, polls) = (cache.clone(), Arc::clone(&polls));
            let compute = move || async move {
                polls.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                polls.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                1_u32
            };
            async move { cache.get_or_compute("k", None, compute).await }
        });
        let here = Builder::new_current_thread().build().unwrap();
        here.block_on(async {
            // It begins on this thread and goes on elsewhere.
            let pending = std::future::poll_fn(|context| {
                std::task::Poll::Ready(call.as_mut().poll(context).is_pending())
            });
            assert!(pending.await);
            let other = std::thread::spawn(move || futures_executor::block_on(call));
            cachestack_tests::eventually(|| polls.load(Ordering::SeqCst) == 2);
            assert_eq!(blocks(&cache).0, 1);
            assert_eq!(other.join().unwrap(), 1);
        });
    });
}
