//! `moka` by hand, as its documentation does it: `get_with` on a cache with a ttl.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache as FutureCache;
use moka::sync::Cache;

use crate::body::{self, User};
use crate::keys::texts;

const HOUR: Duration = Duration::from_secs(3600);
const ROOM: u64 = 100_000;

/// One with room for so many entries.
pub fn cache<K, V>(room: u64) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(room)
        .time_to_live(HOUR)
        .build()
}

pub fn double() -> impl Fn(usize) -> u64 {
    let cache: Cache<u64, u64> = cache(ROOM);
    move |key| cache.get_with(key as u64, || body::double(key as u64))
}

/// One that computes and keeps, and one that removes, of the same cache.
pub fn double_and_forget() -> (
    impl Fn(usize) -> u64 + Send + Sync,
    impl Fn(usize) + Send + Sync,
) {
    let cache: Cache<u64, u64> = cache(ROOM);
    let same = cache.clone();
    let double = move |key| cache.get_with(key as u64, || body::double(key as u64));
    (double, move |key| same.invalidate(&(key as u64)))
}

pub fn double_later() -> impl AsyncFn(usize) -> u64 {
    let cache: FutureCache<u64, u64> = FutureCache::builder()
        .max_capacity(ROOM)
        .time_to_live(HOUR)
        .build();
    async move |key| {
        cache
            .get_with(key as u64, async { body::double(key as u64) })
            .await
    }
}

pub fn user() -> impl Fn(usize) -> User {
    let (cache, texts) = (cache::<String, User>(ROOM), texts());
    move |key| cache.get_with_by_ref(&texts[key], || body::user(&texts[key]))
}

pub fn shared_user() -> impl Fn(usize) -> Arc<User> {
    let (cache, texts) = (cache::<String, Arc<User>>(ROOM), texts());
    move |key| cache.get_with_by_ref(&texts[key], || body::shared_user(&texts[key]))
}

pub fn shared_by_two() -> impl Fn(usize) -> Arc<User> {
    let (cache, texts) = (cache::<(String, u32), Arc<User>>(ROOM), texts());
    move |key| cache.get_with((texts[key].clone(), 3), || body::shared_user(&texts[key]))
}

pub fn double_of_tenant() -> impl Fn(usize) -> u64 {
    let cache: Cache<(u64, u64), u64> = cache(ROOM);
    move |key| cache.get_with((7, key as u64), || body::double(key as u64))
}

pub fn by_template() -> impl Fn(usize) -> u64 {
    let cache: Cache<String, u64> = cache(ROOM);
    move |key| cache.get_with(format!("user:{key}"), || body::double(key as u64))
}
