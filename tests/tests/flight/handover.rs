//! A leader that gives up, or takes too long, is followed by exactly one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cachestack::{Cache, cached};
use cachestack_tests::{eventually, within};
use tokio::task::JoinHandle;

use super::{Gate, cache, in_flight, settle};

/// Callers of `k` that compute that number when it is their turn.
pub(super) fn callers(cache: &Cache, gate: &Gate, value: u32, many: usize) -> Vec<JoinHandle<u32>> {
    let caller = |_| {
        let (cache, gate) = (cache.clone(), gate.clone());
        let compute = move || async move {
            gate.pass().await;
            value
        };
        tokio::spawn(async move { cache.get_or_compute("k", None, compute).await })
    };
    (0..many).map(caller).collect()
}

#[tokio::test]
async fn a_leader_that_panics_is_followed_by_exactly_one_of_those_who_wait() {
    let (cache, first, second) = (cache(), Gate::closed(), Gate::closed());
    let leader = {
        let (cache, gate) = (cache.clone(), first.clone());
        tokio::spawn(async move {
            let compute = || async move {
                gate.pass().await;
                panic!("the computation panics, as this test wants")
            };
            cache
                .get_or_compute::<u32, _, _, _>("k", None, compute)
                .await
        })
    };
    settle().await;
    let waiting = callers(&cache, &second, 2, 10);
    settle().await;
    assert_eq!(second.begun(), 0);
    first.let_go(1);
    assert!(leader.await.unwrap_err().is_panic());
    settle().await;
    assert_eq!(second.begun(), 1);
    second.let_go(1);
    for caller in waiting {
        assert_eq!(caller.await.unwrap(), 2);
    }
    assert_eq!((second.begun(), in_flight(&cache).await), (1, 0));
}

#[tokio::test]
async fn a_leader_that_is_dropped_is_followed_by_exactly_one_of_those_who_wait() {
    let (cache, first, second) = (cache(), Gate::closed(), Gate::closed());
    let leader = callers(&cache, &first, 1, 1).remove(0);
    settle().await;
    let waiting = callers(&cache, &second, 2, 10);
    settle().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    settle().await;
    assert_eq!((first.begun(), second.begun()), (1, 1));
    second.let_go(1);
    for caller in waiting {
        assert_eq!(caller.await.unwrap(), 2);
    }
    assert_eq!((second.begun(), in_flight(&cache).await), (1, 0));
}

#[tokio::test]
async fn who_was_chosen_to_follow_and_goes_passes_it_on() {
    let (cache, first, second) = (cache(), Gate::closed(), Gate::closed());
    let leader = callers(&cache, &first, 1, 1).remove(0);
    settle().await;
    let mut waiting = callers(&cache, &second, 2, 10);
    settle().await;
    leader.abort();
    // The first in the row is woken, and gone before it is polled.
    tokio::task::yield_now().await;
    waiting.remove(0).abort();
    settle().await;
    assert!(second.begun() <= 2);
    second.let_go(2);
    for caller in waiting {
        assert_eq!(caller.await.unwrap(), 2);
    }
    assert_eq!(in_flight(&cache).await, 0);
}

#[test]
fn a_sync_leader_that_panics_is_followed_by_exactly_one_of_those_who_wait() {
    const THREADS: usize = 16;
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    fn answer() -> u64 {
        let first = RUNS.fetch_add(1, Ordering::SeqCst) == 0;
        if first {
            eventually(|| ARRIVED.load(Ordering::SeqCst) == THREADS);
        }
        assert!(!first, "the first one panics, as this test wants");
        42
    }

    let cache = cache();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let cache = cache.clone();
            thread::spawn(move || {
                ARRIVED.fetch_add(1, Ordering::SeqCst);
                cache.sync_scope(answer)
            })
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|it| it.join()).collect();
    assert_eq!(results.iter().filter(|it| it.is_err()).count(), 1);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[test]
fn a_caller_whose_clone_of_the_value_panics_harms_no_other() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Fragile;
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            static CLONES: AtomicUsize = AtomicUsize::new(0);
            let first = CLONES.fetch_add(1, Ordering::SeqCst) == 0;
            assert!(!first, "the first clone panics, as this test wants");
            Self
        }
    }

    within(Duration::from_secs(5), || {
        let cache = cache().blocking();
        let make = || cache.get_or_compute("k", None, || Fragile);
        let panics = || {
            let run = std::panic::AssertUnwindSafe(&make);
            std::panic::catch_unwind(run).is_err()
        };
        assert!(panics());
        assert!(!panics());
        assert_eq!(cache.stats().unwrap().in_flight, 0);
    });
}
