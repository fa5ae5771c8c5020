//! What a leader that takes too long holds up, and for how long, by the cache's clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cachestack::Cache;
use cachestack_tests::{eventually, within};

use super::handover::callers;
use super::{Gate, clocked, in_flight, settle, settle_all};

/// The default of `wait`.
const LEASE: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn ten_thousand_callers_of_a_function_of_35_s_start_four_computations() {
    const CALLERS: usize = 10_000;
    let ((cache, clock), gate) = (clocked(), Gate::closed());
    let calls = callers(&cache, &gate, 7, CALLERS);
    for second in 0..35 {
        settle_all(CALLERS).await;
        assert_eq!(gate.begun(), 1 + second / 10, "after {second} s");
        clock.advance(SECOND);
    }
    // The first is done, the three others go on.
    gate.let_go(1);
    settle_all(CALLERS).await;
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.coalesced), (4, 9_996));
    assert_eq!((gate.begun(), stats.in_flight), (4, 0));
    gate.let_go(3);
    for call in calls {
        assert_eq!(call.await.unwrap(), 7);
    }
}

#[test]
fn threads_that_wait_wake_up_when_the_clock_is_moved() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    fn call(cache: &Cache, hangs: &mpsc::Receiver<u64>) -> u64 {
        let compute = || match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 => hangs.recv().unwrap(),
            _ => 42,
        };
        cache.blocking().get_or_compute("k", None, compute)
    }

    within(Duration::from_secs(20), || {
        let (cache, clock) = clocked();
        let (go, hangs) = mpsc::channel();
        let leader = {
            let cache = cache.clone();
            thread::spawn(move || call(&cache, &hangs))
        };
        eventually(|| RUNS.load(Ordering::SeqCst) == 1);
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let (cache, (_, nothing)) = (cache.clone(), mpsc::channel());
                thread::spawn(move || call(&cache, &nothing))
            })
            .collect();
        clock.advance(LEASE);
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), 42);
        }
        assert_eq!(RUNS.load(Ordering::SeqCst), 2);
        go.send(1).unwrap();
        assert_eq!(leader.join().unwrap(), 1);
    });
}

#[tokio::test]
async fn a_leader_that_never_returns_holds_nobody_beyond_its_lease_and_leaks_nothing() {
    let ((cache, clock), hangs, runs) = (clocked(), Gate::closed(), Gate::closed());
    let leader = callers(&cache, &hangs, 1, 1).remove(0);
    settle().await;
    let waiting = callers(&cache, &runs, 2, 100);
    settle().await;
    clock.advance(LEASE);
    settle().await;
    runs.let_go(1);
    for caller in waiting {
        assert_eq!(caller.await.unwrap(), 2);
    }
    // The leader is still there, and no flight.
    assert_eq!((runs.begun(), in_flight(&cache).await), (1, 0));
    assert_eq!(callers(&cache, &runs, 3, 1).remove(0).await.unwrap(), 2);
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn after_the_lease_exactly_one_of_those_who_wait_computes_too() {
    let (cache, clock) = clocked();
    let (first, second) = (Gate::closed(), Gate::closed());
    let leader = callers(&cache, &first, 1, 1).remove(0);
    settle().await;
    let waiting = callers(&cache, &second, 2, 10);
    settle().await;
    assert_eq!(second.begun(), 0);
    clock.advance(LEASE);
    second.let_go(1);
    for caller in waiting {
        assert_eq!(caller.await.unwrap(), 2);
    }
    assert_eq!(second.begun(), 1);
    // The slow one has its own value, which comes too late for the store.
    first.let_go(1);
    assert_eq!(leader.await.unwrap(), 1);
    assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(2));
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn those_who_wait_take_what_the_slow_leader_has_when_it_ends_first() {
    let (cache, clock) = clocked();
    let (first, second) = (Gate::closed(), Gate::closed());
    let leader = callers(&cache, &first, 1, 1).remove(0);
    settle().await;
    let waiting = callers(&cache, &second, 2, 10);
    settle().await;
    clock.advance(LEASE);
    settle().await;
    assert_eq!(second.begun(), 1);
    first.let_go(1);
    assert_eq!(leader.await.unwrap(), 1);
    second.let_go(1);
    let mut values = Vec::new();
    for caller in waiting {
        values.push(caller.await.unwrap());
    }
    assert_eq!(values.iter().filter(|it| **it == 2).count(), second.begun());
    assert_eq!(cache.get::<u32>("k").await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_value_that_is_not_kept_is_not_handed_out_for_as_long_as_another_leader_hangs() {
    let (cache, clock) = clocked();
    let none = Some(Duration::ZERO);
    let hangs = Gate::closed();
    let leader = {
        let (cache, gate) = (cache.clone(), hangs.clone());
        tokio::spawn(async move {
            let compute = || async move { gate.pass().await };
            cache.get_or_compute("k", none, compute).await;
        })
    };
    settle().await;
    let runs = AtomicUsize::new(0);
    clock.advance(LEASE);
    for _ in 0..3 {
        let compute = || async { runs.fetch_add(1, Ordering::SeqCst) };
        cache.get_or_compute("k", none, compute).await;
    }
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    hangs.let_go(1);
    leader.await.unwrap();
    assert_eq!(in_flight(&cache).await, 0);
}
