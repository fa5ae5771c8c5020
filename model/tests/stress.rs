//! The same on real threads and tasks, through the cache as users have it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cachestack::testing::FaultyBackend;
use cachestack::{Cache, Clock, MemoryBackend};

const LIMIT: Duration = Duration::from_secs(20);
const RUN: Duration = Duration::from_secs(2);

/// Runs something on a thread of its own, which must end in time.
fn within(run: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        run();
        sender.send(())
    });
    let ended = receiver.recv_timeout(LIMIT);
    ended.expect("it panicked, or takes too long");
}

fn workers() -> tokio::runtime::Runtime {
    let workers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    workers.unwrap()
}

/// Values that say how new they are, in a stack.
struct Versions {
    cache: Cache,
    keys: Vec<Versioned>,
    computed: AtomicU64,
    invalidated: AtomicU64,
    done: AtomicBool,
}

#[derive(Default)]
struct Versioned {
    newest: AtomicU64,
    /// No reader that begins now may see anything older.
    oldest: AtomicU64,
}

impl Versions {
    fn new() -> Arc<Self> {
        let below = FaultyBackend::new(MemoryBackend::default());
        let below = below.with_info(|info| info.immediate(false));
        let layers = Cache::builder()
            .layer(MemoryBackend::default())
            .layer(below);
        Arc::new(Self {
            cache: layers.build().unwrap(),
            keys: (0..4).map(|_| Versioned::default()).collect(),
            computed: AtomicU64::default(),
            invalidated: AtomicU64::default(),
            done: AtomicBool::default(),
        })
    }

    fn compute(&self, key: usize) -> u64 {
        self.computed.fetch_add(1, Ordering::SeqCst);
        let version = self.keys[key].newest.load(Ordering::SeqCst);
        // An invalidation may well come before the value is stored.
        thread::yield_now();
        version
    }

    fn check(&self, key: usize, oldest: u64, version: u64) {
        if version < oldest {
            self.done.store(true, Ordering::SeqCst);
            panic!("key {key}: version {version} after {oldest} was invalidated");
        }
    }

    fn read(&self, key: usize) {
        let oldest = self.keys[key].oldest.load(Ordering::SeqCst);
        let cache = self.cache.blocking();
        let version = cache.get_or_compute(key.to_string(), None, || self.compute(key));
        self.check(key, oldest, version);
    }

    async fn read_async(&self, key: usize) {
        let oldest = self.keys[key].oldest.load(Ordering::SeqCst);
        let compute = || async {
            tokio::task::yield_now().await;
            self.compute(key)
        };
        let version = self.cache.get_or_compute(key.to_string(), None, compute);
        self.check(key, oldest, version.await);
    }

    fn write(&self, key: usize, round: u64) {
        let newest = self.keys[key].newest.fetch_add(1, Ordering::SeqCst) + 1;
        let cache = self.cache.blocking();
        match round % 16 {
            0 => cache.clear().unwrap(),
            _ => cache.delete(key.to_string()).unwrap(),
        }
        self.invalidated.fetch_add(1, Ordering::SeqCst);
        self.keys[key].oldest.fetch_max(newest, Ordering::SeqCst);
    }

    fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

#[test]
fn no_reader_that_begins_after_an_invalidation_returned_sees_what_was_before() {
    within(|| {
        let (versions, workers) = (Versions::new(), workers());
        let tasks: Vec<_> = (0..16)
            .map(|nth: usize| {
                let versions = Arc::clone(&versions);
                workers.spawn(async move {
                    let mut key = nth;
                    while !versions.is_done() {
                        key = (key + 1) % versions.keys.len();
                        versions.read_async(key).await;
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        thread::scope(|scope| {
            for nth in 0..2 {
                let versions = &*versions;
                scope.spawn(move || {
                    let mut key = nth;
                    while !versions.is_done() {
                        key = (key + 1) % versions.keys.len();
                        versions.read(key);
                    }
                });
            }
            let began = Instant::now();
            let rounds = (0..).take_while(|_| began.elapsed() < RUN && !versions.is_done());
            for round in rounds {
                let key = round as usize % versions.keys.len();
                versions.write(key, round);
                // Its own reader, which begins right after.
                versions.read(key);
            }
            versions.done.store(true, Ordering::SeqCst);
        });
        for task in tasks {
            workers.block_on(task).unwrap();
        }
        let (computed, invalidated) = (&versions.computed, &versions.invalidated);
        let (computed, invalidated) = (
            computed.load(Ordering::SeqCst),
            invalidated.load(Ordering::SeqCst),
        );
        // A clear is for every key, and a deletion is two steps.
        let epochs = 2 * (invalidated + 3 * invalidated.div_ceil(16)) + 4;
        assert!(computed <= epochs, "{computed} computed in {epochs} epochs");
        assert!(
            invalidated > 100,
            "too slow to show anything: {invalidated}"
        );
        assert_eq!(versions.cache.blocking().stats().unwrap().in_flight, 0);
    });
}

/// How many callers a round has.
const THREADS: usize = 4;
const TASKS: usize = 8;

/// Callers that have come in a round.
#[derive(Default)]
struct Arrived(AtomicUsize);

impl Arrived {
    const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    fn one_more(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Holds up the computation until nearly all wait for it.
    fn wait_for_all(&self) {
        while self.0.load(Ordering::SeqCst) < THREADS + TASKS {
            thread::yield_now();
        }
        thread::yield_now();
    }

    fn none(&self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

/// Has threads and tasks call one key at once, round after round, and gives back how many got a value.
fn rounds<F: Future<Output = u64> + Send + 'static>(
    rounds: usize,
    cache: &Cache,
    call: impl Fn(Cache) -> u64 + Sync,
    call_async: impl Fn(Cache) -> F,
    after: impl Fn(usize),
) {
    let (workers, barrier) = (workers(), Barrier::new(THREADS + 1));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..rounds {
                    barrier.wait();
                    let called = catch_unwind(AssertUnwindSafe(|| call(cache.clone())));
                    assert_eq!(called.unwrap_or(42), 42);
                    barrier.wait();
                }
            });
        }
        for _ in 0..rounds {
            let tasks: Vec<_> = (0..TASKS).map(|_| call_async(cache.clone())).collect();
            barrier.wait();
            let tasks: Vec<_> = tasks.into_iter().map(|it| workers.spawn(it)).collect();
            let values = tasks.into_iter().map(|it| workers.block_on(it));
            let values: Vec<_> = values.collect();
            barrier.wait();
            let got = values.iter().filter(|it| it.is_ok()).count();
            assert!(values.into_iter().all(|it| it.unwrap_or(42) == 42));
            after(got);
            cache.blocking().delete("k").unwrap();
        }
    });
    assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
}

/// A cache whose leases never end: nobody moves its clock.
fn patient() -> Cache {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let cache = Cache::builder().clock(clock).layer(memory.build().unwrap());
    cache.build().unwrap()
}

#[test]
fn there_is_one_computation_a_key_and_epoch() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static ARRIVED: Arrived = Arrived::new();
    fn compute() -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        ARRIVED.wait_for_all();
        42
    }

    within(|| {
        rounds(
            300,
            &patient(),
            |cache| {
                ARRIVED.one_more();
                cache.blocking().get_or_compute("k", None, compute)
            },
            |cache| async move {
                ARRIVED.one_more();
                cache
                    .get_or_compute("k", None, || async { compute() })
                    .await
            },
            |got| {
                ARRIVED.none();
                assert_eq!((RUNS.swap(0, Ordering::SeqCst), got), (1, TASKS));
            },
        );
    });
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_leader_that_is_dropped_hands_over() {
    let cache = patient();
    let mut leader = Box::pin(cache.get_or_compute("k", None, pending::<u64>));
    let mut waiter = Box::pin(cache.get_or_compute("k", None, || async { 42_u64 }));
    assert!(poll(leader.as_mut()).is_pending());
    assert!(poll(waiter.as_mut()).is_pending());
    drop(leader);
    assert_eq!(poll(waiter.as_mut()), Poll::Ready(42));
}

#[test]
fn what_began_before_an_invalidation_is_stored_nowhere() {
    let (cache, finish) = (patient(), AtomicBool::new(false));
    let compute = || {
        poll_fn(|_| match finish.load(Ordering::SeqCst) {
            true => Poll::Ready(1_u64),
            false => Poll::Pending,
        })
    };
    let mut leader = Box::pin(cache.get_or_compute("k", None, compute));
    assert!(poll(leader.as_mut()).is_pending());
    cache.blocking().delete("k").unwrap();
    finish.store(true, Ordering::SeqCst);
    assert_eq!(poll(leader.as_mut()), Poll::Ready(1));
    assert_eq!(cache.blocking().get::<u64>("k").unwrap(), None);
}

#[test]
fn a_leader_that_panics_is_followed_by_one_whoever_waits() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static ARRIVED: Arrived = Arrived::new();
    fn compute() -> u64 {
        if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
            ARRIVED.wait_for_all();
            // The panic is wanted; its message is not.
            std::panic::resume_unwind(Box::new("the first one panics"));
        }
        42
    }

    within(|| {
        rounds(
            300,
            &patient(),
            |cache| {
                ARRIVED.one_more();
                cache.blocking().get_or_compute("k", None, compute)
            },
            |cache| async move {
                ARRIVED.one_more();
                cache
                    .get_or_compute("k", None, || async { compute() })
                    .await
            },
            |got| {
                ARRIVED.none();
                assert_eq!(RUNS.swap(0, Ordering::SeqCst), 2);
                assert!(got + 1 >= TASKS);
            },
        );
    });
}
