//! `RedisBackend` on real servers.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "redis/access.rs"]
mod access;
#[path = "redis/clear.rs"]
mod clear;
#[path = "redis/cluster.rs"]
mod cluster;
#[path = "redis/config.rs"]
mod config;
#[path = "redis/contract.rs"]
mod contract;
#[path = "redis/foreign.rs"]
mod foreign;
#[path = "redis/outages.rs"]
mod outages;
#[path = "redis/raw.rs"]
mod raw;
#[path = "redis/runtimes.rs"]
mod runtimes;
#[path = "redis/sentinel.rs"]
mod sentinel;
#[path = "redis/turns.rs"]
mod turns;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{
    Backend, CacheValue, Clock, Entry, Key, Lookup, Namespace, RedisBackend, Result, ValueType,
};
use cachestack_tests::servers::Redis;
use futures_executor::block_on;

const LONG: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// One server for all tests that do nothing to it but read and write.
fn shared() -> &'static Redis {
    static SHARED: LazyLock<Redis> = LazyLock::new(Redis::start);
    &SHARED
}

/// A name that nobody else has, and that begins no other.
fn unique() -> String {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    format!("space{:04}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// A backend of its own on the shared server.
fn backend() -> RedisBackend {
    let builder = RedisBackend::builder(shared().dsn());
    let builder = builder.timeout(5 * SECOND).namespace(unique());
    builder.build().unwrap()
}

fn open(dsn: impl Into<String>) -> RedisBackend {
    RedisBackend::builder(dsn.into()).build().unwrap()
}

fn key(text: &str) -> Key {
    Key::new(&Namespace::new("shop"), text)
}

fn entry<T: CacheValue>(value: T) -> Entry {
    Entry::new(value, Clock::system().now())
}

fn lasting<T: CacheValue>(value: T, ttl: Duration) -> Entry {
    let now = Clock::system().now();
    Entry::new(value, now).expiring(now.checked_add(ttl))
}

fn put(backend: &RedisBackend, key: &Key, value: &str) -> Result<()> {
    block_on(backend.set(key, entry(value.to_owned())))
}

fn text(backend: &RedisBackend, key: &Key) -> Result<Option<String>> {
    let found = block_on(backend.get(key, ValueType::of::<String>()))?;
    Ok(text_of(found))
}

fn text_of(found: Lookup) -> Option<String> {
    found.hit()?.value::<String>().cloned()
}
