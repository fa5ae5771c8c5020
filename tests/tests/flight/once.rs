//! Who comes while somebody computes waits for that.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cachestack::{Cache, cached};
use cachestack_tests::eventually;

use super::{Gate, cache, in_flight, settle};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_tasks_on_one_cold_key_compute_once() {
    const TASKS: usize = 10_000;
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);

    #[cached(ttl = 60)]
    async fn answer(id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        while ARRIVED.load(Ordering::SeqCst) < TASKS {
            tokio::task::yield_now().await;
        }
        id * 2
    }

    let cache = cache();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move {
                ARRIVED.fetch_add(1, Ordering::SeqCst);
                cache.scope(answer(21)).await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 42);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.in_flight), (1, 0));
}

#[test]
fn threads_on_one_cold_key_of_a_sync_function_compute_once() {
    const THREADS: usize = 64;
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static BARRIER: Barrier = Barrier::new(THREADS);

    #[cached]
    fn answer(id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        id * 2
    }

    let cache = cache();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                BARRIER.wait();
                assert_eq!(cache.sync_scope(|| answer(21)), 42);
            });
        }
    });
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sync_and_async_callers_of_one_key_share_one_computation() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);
    const CALLERS: usize = 32;

    #[cached(key = "answer:{id}")]
    async fn async_answer(id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        while ARRIVED.load(Ordering::SeqCst) < CALLERS {
            tokio::task::yield_now().await;
        }
        id * 2
    }

    #[cached(key = "answer:{id}")]
    fn sync_answer(id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        eventually(|| ARRIVED.load(Ordering::SeqCst) == CALLERS);
        id * 2
    }

    let cache = cache();
    let threads: Vec<_> = (0..CALLERS / 2)
        .map(|_| {
            let cache = cache.clone();
            thread::spawn(move || {
                ARRIVED.fetch_add(1, Ordering::SeqCst);
                cache.sync_scope(|| sync_answer(21))
            })
        })
        .collect();
    let tasks: Vec<_> = (0..CALLERS / 2)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move {
                ARRIVED.fetch_add(1, Ordering::SeqCst);
                cache.scope(async_answer(21)).await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 42);
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 42);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_tasks_and_threads_of_two_functions_that_share_a_key_compute_once() {
    const TASKS: usize = 10_000;
    const THREADS: usize = 32;
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static ARRIVED: AtomicUsize = AtomicUsize::new(0);

    #[cached(key = "shared:{id}")]
    async fn by_task(id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        while ARRIVED.load(Ordering::SeqCst) < TASKS + THREADS {
            tokio::task::yield_now().await;
        }
        id * 2
    }

    #[cached(key = "shared:{id}")]
    fn by_thread(id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        eventually(|| ARRIVED.load(Ordering::SeqCst) == TASKS + THREADS);
        id * 2
    }

    let cache = cache();
    let thread = |_| {
        let cache = cache.clone();
        thread::spawn(move || {
            ARRIVED.fetch_add(1, Ordering::SeqCst);
            cache.sync_scope(|| by_thread(21))
        })
    };
    let threads: Vec<_> = (0..THREADS).map(thread).collect();
    let task = |_| {
        let cache = cache.clone();
        tokio::spawn(async move {
            ARRIVED.fetch_add(1, Ordering::SeqCst);
            cache.scope(by_task(21)).await
        })
    };
    let tasks: Vec<_> = (0..TASKS).map(task).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 42);
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 42);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn callers_of_two_caches_over_one_store_compute_apart() {
    let (store, gate) = (cachestack::MemoryBackend::default(), Gate::closed());
    let caches = [Cache::from(store.clone()), Cache::from(store)];
    let call = |cache: &Cache| {
        let (cache, gate) = (cache.clone(), gate.clone());
        let compute = move || async move {
            gate.pass().await;
            7_u32
        };
        tokio::spawn(async move { cache.get_or_compute("k", None, compute).await })
    };
    let calls = [&caches[0], &caches[1], &caches[0], &caches[1]].map(call);
    settle().await;
    assert_eq!(gate.begun(), 2);
    gate.let_go(2);
    for call in calls {
        assert_eq!(call.await.unwrap(), 7);
    }
}

#[tokio::test]
async fn callers_of_two_types_under_one_key_each_get_their_own() {
    let (cache, numbers, texts) = (cache(), Gate::closed(), Gate::closed());
    let number = {
        let (cache, gate) = (cache.clone(), numbers.clone());
        let compute = move || async move {
            gate.pass().await;
            7_u32
        };
        tokio::spawn(async move { cache.get_or_compute("k", None, compute).await })
    };
    settle().await;
    let text = {
        let (cache, gate) = (cache.clone(), texts.clone());
        let compute = move || async move {
            gate.pass().await;
            String::from("seven")
        };
        tokio::spawn(async move { cache.get_or_compute("k", None, compute).await })
    };
    settle().await;
    assert_eq!((numbers.begun(), texts.begun()), (1, 1));
    numbers.let_go(1);
    texts.let_go(1);
    assert_eq!(number.await.unwrap(), 7);
    assert_eq!(text.await.unwrap(), "seven");
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn those_who_waited_are_counted_as_coalesced() {
    let (cache, gate) = (cache(), Gate::closed());
    let callers: Vec<_> = (0..5)
        .map(|_| {
            let (cache, gate) = (cache.clone(), gate.clone());
            let compute = move || async move { gate.pass().await };
            tokio::spawn(async move { cache.get_or_compute("k", None, compute).await })
        })
        .collect();
    settle().await;
    assert_eq!(in_flight(&cache).await, 1);
    gate.let_go(1);
    for caller in callers {
        caller.await.unwrap();
    }
    let stats = cache.stats().await.unwrap();
    let counted = (stats.computed, stats.coalesced, stats.in_flight);
    assert_eq!(counted, (1, 4, 0));
}

#[tokio::test]
async fn callers_that_go_while_they_wait_leave_nothing_behind() {
    let (cache, gate) = (cache(), Gate::closed());
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (cache, gate) = (cache.clone(), gate.clone());
            let compute = move || async move { gate.pass().await };
            tokio::spawn(async move { cache.get_or_compute("k", None, compute).await })
        })
        .collect();
    settle().await;
    assert_eq!((gate.begun(), in_flight(&cache).await), (1, 1));
    // The waiters first, so that the leader has nobody to hand over to.
    for caller in callers.iter().rev() {
        caller.abort();
    }
    for caller in callers {
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    assert_eq!((gate.begun(), in_flight(&cache).await), (1, 0));
}
