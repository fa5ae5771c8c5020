//! A leader may be dropped wherever it waits: those who wait for it get a value, and at most one of them computes.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use cachestack::{
    Backend, BackendInfo, Cache, Entry, Key, Lookup, MemoryBackend, Namespace, Result, Stats,
    ValueType, cached,
};

use super::cache;

type Call = Pin<Box<dyn Future<Output = u64>>>;

/// Waits once.
async fn step() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A store that waits before and after everything, on its caller's side.
#[derive(Clone, Default)]
struct Hesitant(MemoryBackend);

impl Backend for Hesitant {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("hesitant").typed(true)
    }
    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        step().await;
        let found = self.0.get(key, value_type).await;
        step().await;
        found
    }
    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        step().await;
        let set = self.0.set(key, entry).await;
        step().await;
        set
    }
    async fn delete(&self, key: &Key) -> Result<()> {
        step().await;
        self.0.delete(key).await
    }
    async fn exists(&self, key: &Key) -> Result<bool> {
        self.0.exists(key).await
    }
    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        self.0.clear(namespace).await
    }
    async fn stats(&self) -> Result<Stats> {
        self.0.stats().await
    }
}

fn poll(call: &mut Call) -> Poll<u64> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Drops a leader after each number of polls in turn; how many there are.
fn drops_everywhere(
    call: impl Fn(&Cache) -> Call,
    begun: &AtomicUsize,
    make: impl Fn() -> Cache,
) -> usize {
    for polls in 1.. {
        let cache = make();
        begun.store(0, Ordering::SeqCst);
        let mut leader = call(&cache);
        let mut ended = poll(&mut leader).is_ready();
        let mut waiting: Vec<Call> = (0..5).map(|_| call(&cache)).collect();
        assert!(waiting.iter_mut().all(|it| poll(it).is_pending()) || ended);
        for _ in 1..polls {
            ended = ended || poll(&mut leader).is_ready();
        }
        let before = begun.load(Ordering::SeqCst);
        drop(leader);
        for _ in 0..100 {
            waiting.retain_mut(|it| match poll(it) {
                Poll::Ready(value) => {
                    assert_eq!(value, 42);
                    false
                }
                Poll::Pending => true,
            });
        }
        assert_eq!(waiting.len(), 0, "they still wait after {polls} polls");
        let followed = begun.load(Ordering::SeqCst) - before;
        assert!(followed <= 1, "{followed} computed after {polls} polls");
        assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
        if ended {
            return polls;
        }
    }
    unreachable!()
}

#[test]
fn a_leader_that_is_dropped_at_any_await_of_a_slow_store_is_followed_by_one_at_most() {
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    let call = |cache: &Cache| -> Call {
        let cache = cache.clone();
        let compute = || async {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            step().await;
            step().await;
            42
        };
        Box::pin(async move { cache.get_or_compute("k", None, compute).await })
    };
    let polls = drops_everywhere(call, &BEGUN, || Cache::from(Hesitant::default()));
    assert!(polls >= 7, "{polls} polls");
}

#[test]
fn a_cached_function_that_is_dropped_at_any_await_is_followed_by_one_at_most() {
    static BEGUN: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn answer() -> u64 {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        step().await;
        step().await;
        step().await;
        42
    }

    let call = |cache: &Cache| -> Call {
        let cache = cache.clone();
        Box::pin(async move { cache.scope(answer()).await })
    };
    assert_eq!(drops_everywhere(call, &BEGUN, cache), 4);
    let stack = || {
        let layers = Cache::builder().layer(MemoryBackend::default());
        layers.layer(Hesitant::default()).build().unwrap()
    };
    assert!(drops_everywhere(call, &BEGUN, stack) >= 8);
}
