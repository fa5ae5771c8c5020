//! `cached`: `#[cached]` over one lock, and `#[concurrent_cached]` over shards. Without `max_size`, which is their
//! fastest: no order of recency is kept.

use std::hint::black_box;
use std::sync::Arc;

use crate::body::{self, User};
use crate::keys::texts;

/// Two modules, because both attributes make a static of the function's name.
mod locked {
    use super::*;
    use cached::macros::cached;

    #[cached(ttl_secs = 3600)]
    pub fn double(id: u64) -> u64 {
        body::double(id)
    }

    #[cached(ttl_secs = 3600)]
    pub async fn double_later(id: u64) -> u64 {
        body::double(id)
    }

    #[cached(ttl_secs = 3600, key = "String", convert = { name.to_owned() })]
    pub fn user(name: &str) -> User {
        body::user(name)
    }

    #[cached(ttl_secs = 3600, key = "String", convert = { name.to_owned() })]
    pub fn shared_user(name: &str) -> Arc<User> {
        body::shared_user(name)
    }

    #[cached(ttl_secs = 3600, key = "(String, u32)", convert = { (name.to_owned(), version) })]
    pub fn shared_by_two(name: &str, version: u32) -> Arc<User> {
        black_box(version);
        body::shared_user(name)
    }

    #[cached(ttl_secs = 3600, key = "String", convert = { format!("user:{id}") })]
    pub fn by_template(id: u64) -> u64 {
        body::double(id)
    }
}

mod sharded {
    use super::*;
    use cached::macros::concurrent_cached;

    #[concurrent_cached(ttl_secs = 3600)]
    pub fn double(id: u64) -> u64 {
        body::double(id)
    }

    #[concurrent_cached(ttl_secs = 3600)]
    pub async fn double_later(id: u64) -> u64 {
        body::double(id)
    }

    #[concurrent_cached(ttl_secs = 3600, key = "String", convert = { name.to_owned() })]
    pub fn user(name: &str) -> User {
        body::user(name)
    }

    #[concurrent_cached(ttl_secs = 3600, key = "String", convert = { name.to_owned() })]
    pub fn shared_user(name: &str) -> Arc<User> {
        body::shared_user(name)
    }

    #[concurrent_cached(ttl_secs = 3600, key = "(String, u32)", convert = { (name.to_owned(), version) })]
    pub fn shared_by_two(name: &str, version: u32) -> Arc<User> {
        black_box(version);
        body::shared_user(name)
    }
}

#[derive(Clone, Copy)]
pub struct Tenant {
    pub id: u64,
}

impl Tenant {
    #[cached::macros::cached(ttl_secs = 3600, in_impl = true, key = "(u64, u64)", convert = { (self.id, id) })]
    pub fn double(&self, id: u64) -> u64 {
        body::double(id)
    }

    #[cached::macros::concurrent_cached(ttl_secs = 3600, in_impl = true, key = "(u64, u64)", convert = { (self.id, id) })]
    pub fn concurrent_double(&self, id: u64) -> u64 {
        body::double(id)
    }
}

pub fn double(key: usize) -> u64 {
    locked::double(key as u64)
}

pub fn concurrent_double(key: usize) -> u64 {
    sharded::double(key as u64)
}

pub async fn double_later(key: usize) -> u64 {
    locked::double_later(key as u64).await
}

pub async fn concurrent_double_later(key: usize) -> u64 {
    sharded::double_later(key as u64).await
}

pub fn user() -> impl Fn(usize) -> User {
    let texts = texts();
    |key| locked::user(&texts[key])
}

pub fn concurrent_user() -> impl Fn(usize) -> User {
    let texts = texts();
    |key| sharded::user(&texts[key])
}

pub fn shared_user() -> impl Fn(usize) -> Arc<User> {
    let texts = texts();
    |key| locked::shared_user(&texts[key])
}

pub fn concurrent_shared_user() -> impl Fn(usize) -> Arc<User> {
    let texts = texts();
    |key| sharded::shared_user(&texts[key])
}

pub fn shared_by_two() -> impl Fn(usize) -> Arc<User> {
    let texts = texts();
    |key| locked::shared_by_two(&texts[key], 3)
}

pub fn concurrent_shared_by_two() -> impl Fn(usize) -> Arc<User> {
    let texts = texts();
    |key| sharded::shared_by_two(&texts[key], 3)
}

pub fn by_template(key: usize) -> u64 {
    locked::by_template(key as u64)
}

/// Removes a value of [`double`] by hand, as there is no attribute for it.
pub fn forget(key: usize) {
    use cached::Cached;
    let mut store = locked::DOUBLE.write();
    black_box(store.cache_remove(&(key as u64)));
}

/// The same of [`concurrent_double`].
pub fn concurrent_forget(key: usize) {
    use cached::ConcurrentCached;
    sharded::DOUBLE
        .cache_remove(&(key as u64))
        .expect("it never fails");
}
