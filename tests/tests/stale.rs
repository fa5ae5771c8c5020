//! Nothing old after a clear, nothing asked of a layer that need not answer, nothing from a closed cache.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cachestack::testing::FaultyBackend;
use cachestack::{
    Backend, BackendInfo, BlockingCache, Cache, Clock, Entry, ErrorKind, Key, Lookup,
    MemoryBackend, Namespace, Result, Stats, TieredCache, ValueType, cached, invalidate,
};

const MINUTE: Duration = Duration::from_secs(60);

fn memory() -> MemoryBackend {
    MemoryBackend::default()
}

/// A memory store whose `clear` takes its time, and whose look-ups meanwhile answer after it.
#[derive(Clone, Default)]
struct SlowToClear(MemoryBackend, Arc<AtomicBool>);

impl SlowToClear {
    fn is_clearing(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }
}

impl Backend for SlowToClear {
    fn info(&self) -> BackendInfo {
        self.0.info()
    }
    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let found = self.0.get(key, value_type).await;
        while self.is_clearing() {
            thread::yield_now();
        }
        found
    }
    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        self.0.set(key, entry).await
    }
    async fn delete(&self, key: &Key) -> Result<()> {
        self.0.delete(key).await
    }
    async fn exists(&self, key: &Key) -> Result<bool> {
        self.0.exists(key).await
    }
    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        self.1.store(true, Ordering::SeqCst);
        // Long enough for a look-up to begin, if it can.
        thread::sleep(Duration::from_millis(50));
        let cleared = self.0.clear(namespace).await;
        self.1.store(false, Ordering::SeqCst);
        cleared
    }
    async fn stats(&self) -> Result<Stats> {
        self.0.stats().await
    }
}

#[test]
fn what_is_looked_up_during_a_clear_is_not_there_after_it() {
    let below = SlowToClear::default();
    let stack = TieredCache::builder().layer(memory()).layer(below.clone());
    let cache = Cache::from(stack.build().unwrap()).blocking();
    below_only(&below, &cache);
    thread::scope(|scope| {
        scope.spawn(|| cache.clear().unwrap());
        while !below.is_clearing() {
            thread::yield_now();
        }
        cache.get::<u64>("k").unwrap();
    });
    assert_eq!(cache.get::<u64>("k").unwrap(), None);
}

/// Puts a value into the lower layer alone.
fn below_only(below: &SlowToClear, cache: &BlockingCache) {
    let entry = Entry::new(1_u64, Clock::system().now());
    let key = cache.cache().key("k");
    let set = below.set(&key, entry);
    futures_executor::block_on(set).unwrap();
}

#[test]
fn a_hit_in_memory_asks_no_lower_layer() {
    let below = FaultyBackend::new(memory()).with_info(|info| info.immediate(false));
    let faults = below.faults();
    let cache = Cache::builder().layer(memory()).layer(below).build();
    let cache = cache.unwrap().blocking();
    cache.set("k", 1, None).unwrap();
    let before = faults.all_calls();
    for _ in 0..10 {
        assert_eq!(cache.get::<i32>("k").unwrap(), Some(1));
    }
    assert_eq!(faults.all_calls(), before);
    cache.get_with_ttl::<i32>("k").unwrap();
    // Only the entry itself says what it depends on.
    assert_eq!(faults.all_calls(), before + 1);
}

#[test]
fn get_with_ttl_on_a_stack_is_the_time_in_the_lowest_layer() {
    let clock = Clock::manual();
    let layer = || MemoryBackend::builder().clock(clock.clone());
    let upper = layer().max_ttl(Duration::from_secs(5)).build().unwrap();
    let cache = Cache::builder()
        .clock(clock.clone())
        .layer(upper)
        .layer(layer().build().unwrap())
        .build();
    let cache = cache.unwrap().blocking();
    cache.set("k", 1, MINUTE).unwrap();
    assert_eq!(cache.get_with_ttl("k").unwrap(), Some((1, Some(MINUTE))));
    clock.advance(Duration::from_secs(20));
    let left = Some(Duration::from_secs(40));
    assert_eq!(cache.get_with_ttl("k").unwrap(), Some((1, left)));
}

#[tokio::test]
async fn a_handle_on_a_closed_cache_gives_nothing_out() {
    #[cached]
    async fn double(x: u64) -> u64 {
        x * 2
    }

    let cache = Cache::builder().layer(memory()).build().unwrap();
    let entry = cache
        .scope(async {
            double(4).await;
            double::entry(4)
        })
        .await;
    assert_eq!(entry.get().await.unwrap(), Some(8));
    cache.close().await.unwrap();
    assert_eq!(entry.peek(), None);
    assert_eq!(entry.get().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_mutation_over_a_closed_cache_works_and_nothing_is_late() {
    #[invalidate(key = "k")]
    fn change() -> u64 {
        7
    }

    let cache = Cache::builder().layer(memory()).build().unwrap();
    cache.blocking().close().unwrap();
    assert_eq!(cache.sync_scope(change), 7);
    assert_eq!(cache.blocking().stats().unwrap().late, 0);
}
