//! Entries on real Memcached servers.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "memcached/clearing.rs"]
mod clearing;
#[path = "memcached/config.rs"]
mod config;
#[path = "memcached/connections.rs"]
mod connections;
#[path = "memcached/contract.rs"]
mod contract;
#[path = "memcached/fake.rs"]
mod fake;
#[path = "memcached/keys.rs"]
mod keys;
#[path = "memcached/outages.rs"]
mod outages;
#[path = "memcached/raw.rs"]
mod raw;
#[path = "memcached/round_trips.rs"]
mod round_trips;
#[path = "memcached/runtimes.rs"]
mod runtimes;
#[path = "memcached/several.rs"]
mod several;
#[path = "memcached/sizes.rs"]
mod sizes;
#[path = "memcached/times.rs"]
mod times;
#[path = "memcached/together.rs"]
mod together;

use std::future::Future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{
    Backend, CacheValue, Clock, Entry, Error, Key, MemcachedBackend, MemcachedBuilder, Namespace,
    Stats, ValueType,
};
use cachestack_tests::servers::Memcached;
use cachestack_tests::within;

/// Shared by the tests that leave it as it is, each in a namespace of its own.
static SERVER: LazyLock<Memcached> = LazyLock::new(Memcached::start);

const LIMIT: Duration = Duration::from_secs(60);
const MINUTE: Duration = Duration::from_secs(60);

/// Runs a test to its end on a thread of its own, without any runtime.
fn run<F: Future<Output = ()> + 'static>(test: impl FnOnce() -> F + Send + 'static) {
    within(LIMIT, || futures_executor::block_on(test()));
}

/// A namespace that nobody else uses; the servers are this process's own.
fn own_space() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("space{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn builder(server: &Memcached) -> MemcachedBuilder {
    MemcachedBackend::builder(server.dsn()).timeout(Duration::from_secs(5))
}

/// On the shared server, in a namespace of its own.
fn own() -> MemcachedBackend {
    builder(&SERVER).namespace(own_space()).build().unwrap()
}

fn key(text: &str) -> Key {
    key_in("shop", text)
}

fn key_in(namespace: &str, text: &str) -> Key {
    Key::new(&Namespace::new(namespace), text)
}

fn entry<T: CacheValue>(value: T) -> Entry {
    lasting(value, MINUTE)
}

fn lasting<T: CacheValue>(value: T, ttl: Duration) -> Entry {
    let now = Clock::system().now();
    Entry::new(value, now).expiring(now.checked_add(ttl))
}

async fn set<T: CacheValue>(backend: &MemcachedBackend, key: &Key, value: T) {
    backend.set(key, entry(value)).await.unwrap();
}

async fn try_get<T: CacheValue + Clone>(
    backend: &MemcachedBackend,
    key: &Key,
) -> Result<Option<T>, Error> {
    let found = backend.get(key, ValueType::of::<T>()).await?;
    Ok(found.hit().and_then(|entry| entry.value().cloned()))
}

async fn get<T: CacheValue + Clone>(backend: &MemcachedBackend, key: &Key) -> Option<T> {
    try_get(backend, key).await.unwrap()
}

async fn text(backend: &MemcachedBackend, key: &Key) -> Option<String> {
    get(backend, key).await
}

async fn stats(backend: &MemcachedBackend) -> Stats {
    backend.stats().await.unwrap()
}
