//! `memoize`, whose values are each thread's own, `oxcache` and `hitbox`, which keep bytes.

use std::convert::Infallible;
use std::time::Duration;

use hitbox_backend::format::BincodeFormat;
use hitbox_fn::Cache as HitboxCache;
use hitbox_moka::MokaBackend;
use memoize::memoize;
use tokio::runtime::Runtime;

use crate::body::{self, User};
use crate::keys::texts;
use crate::measure::{Contender, Role};

const HOUR: Duration = Duration::from_secs(3600);

#[memoize(TimeToLive: HOUR, CustomHasher: ahash::HashMap, HasherInit: ahash::HashMap::default())]
fn double_by_memoize(id: u64) -> u64 {
    body::double(id)
}

/// Its arguments are owned.
#[memoize(TimeToLive: HOUR, CustomHasher: ahash::HashMap, HasherInit: ahash::HashMap::default())]
fn user_by_memoize(name: String) -> User {
    body::user(&name)
}

pub fn memoized_double(key: usize) -> u64 {
    double_by_memoize(key as u64)
}

pub fn memoized_user() -> impl Fn(usize) -> User {
    let texts = texts();
    |key| user_by_memoize(texts[key].clone())
}

/// Its functions return a `Result`.
#[oxcache::cached(service = "sync", ttl = 3600, sync)]
fn double_by_oxcache(id: u64) -> Result<u64, Infallible> {
    Ok(body::double(id))
}

#[oxcache::cached(service = "async", ttl = 3600)]
async fn double_later_by_oxcache(id: u64) -> Result<u64, Infallible> {
    Ok(body::double(id))
}

async fn open(service: &str, sync: bool) {
    let cache = oxcache::Cache::<String, Vec<u8>>::builder()
        .capacity(100_000)
        .sync_mode(sync)
        .build()
        .await;
    let cache = cache.expect("a cache of oxcache");
    let registered = cache.register_for_macro(service).await;
    registered.expect("a cache of oxcache");
}

/// Its sync functions block on a runtime of several threads where they find one, and make one for each call where not.
pub fn oxcache_double() -> Contender<'static> {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(open("sync", true));
    let within = move |all: &mut dyn FnMut()| {
        let _entered = runtime.enter();
        all();
    };
    super::hits_within("oxcache", Role::Peer, within, |key| {
        double_by_oxcache(key as u64)
    })
}

pub fn oxcache_double_later(runtime: &Runtime) -> Contender<'_> {
    runtime.block_on(open("async", false));
    super::awaited("oxcache", Role::Peer, runtime, async |key| {
        double_later_by_oxcache(key as u64).await
    })
}

#[hitbox_fn::cached]
async fn double_by_hitbox(id: u64) -> u64 {
    body::double(id)
}

pub fn hitbox_double() -> impl AsyncFn(usize) -> u64 {
    let backend = MokaBackend::builder()
        .max_entries(100_000)
        .value_format(BincodeFormat)
        .build();
    let policy = hitbox::policy::PolicyConfig::builder().ttl(HOUR).build();
    let cache = HitboxCache::builder()
        .backend(backend)
        .policy(policy)
        .build();
    async move |key| double_by_hitbox(key as u64).cache(&cache).await
}
