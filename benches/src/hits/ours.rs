//! Our functions.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use cachestack::{Cache, MemoryBackend, MemoryBuilder, cached, invalidate};

use crate::body::{self, User};
use crate::keys::texts;

/// A cache with room for so many entries.
pub fn cache(max_entries: usize) -> Cache {
    over(MemoryBackend::builder().max_entries(max_entries))
}

/// The same of which threads keep no copies at hand.
pub fn cache_without_copies(max_entries: usize) -> Cache {
    over(MemoryBackend::builder().max_entries(max_entries).at_hand(0))
}

fn over(memory: MemoryBuilder) -> Cache {
    Cache::builder()
        .layer(memory.build().expect("a memory"))
        .build()
        .expect("a cache")
}

/// Ours without copies at hand, in the rows of ours with them.
pub const NO_COPIES: &str = "no copies";

static WITHOUT_COPIES: LazyLock<Cache> = LazyLock::new(|| cache_without_copies(50_000));

mod functions {
    use super::*;

    #[cached(ttl = 3600)]
    pub fn double(id: u64) -> u64 {
        body::double(id)
    }

    #[invalidate(double(id))]
    pub fn forget(id: u64) {
        black_box(id);
    }

    #[cached(ttl = 3600, cache = &*WITHOUT_COPIES)]
    pub fn double_without_copies(id: u64) -> u64 {
        body::double(id)
    }

    #[invalidate(double_without_copies(id))]
    pub fn forget_without_copies(id: u64) {
        black_box(id);
    }

    #[cached(ttl = 3600, cache = &*WITHOUT_COPIES)]
    pub fn shared_user_without_copies(name: &str) -> Arc<User> {
        body::shared_user(name)
    }

    #[cached(ttl = 3600)]
    pub async fn double_later(id: u64) -> u64 {
        body::double(id)
    }

    #[cached(ttl = 3600)]
    pub fn user(name: &str) -> User {
        body::user(name)
    }

    #[cached(ttl = 3600)]
    pub fn shared_user(name: &str) -> Arc<User> {
        body::shared_user(name)
    }

    #[cached(ttl = 3600)]
    pub fn shared_by_two(name: &str, version: u32) -> Arc<User> {
        black_box(version);
        body::shared_user(name)
    }

    #[cached(ttl = 3600, key = "user:{id}")]
    pub fn by_template(id: u64) -> u64 {
        body::double(id)
    }

    #[cached(ttl = 3600, tags = ["user:{id}"])]
    pub fn tagged(id: u64) -> u64 {
        body::double(id)
    }
}

/// A mutation of what [`double`] reads.
pub fn forget(key: usize) {
    functions::forget(key as u64);
}

pub fn double_without_copies(key: usize) -> u64 {
    functions::double_without_copies(key as u64)
}

pub fn forget_without_copies(key: usize) {
    functions::forget_without_copies(key as u64);
}

pub fn shared_user_without_copies() -> impl Fn(usize) -> Arc<User> {
    let texts = texts();
    |key| functions::shared_user_without_copies(&texts[key])
}

pub struct Tenant {
    pub id: u64,
}

impl Tenant {
    #[cached(ttl = 3600, key = "tenant:{self.id}:double:{id}")]
    pub fn double(&self, id: u64) -> u64 {
        body::double(id)
    }
}

pub fn double(key: usize) -> u64 {
    functions::double(key as u64)
}

pub async fn double_later(key: usize) -> u64 {
    functions::double_later(key as u64).await
}

pub fn user() -> impl Fn(usize) -> User {
    let texts = texts();
    |key| functions::user(&texts[key])
}

pub fn shared_user() -> impl Fn(usize) -> Arc<User> {
    let texts = texts();
    |key| functions::shared_user(&texts[key])
}

pub fn shared_by_two() -> impl Fn(usize) -> Arc<User> {
    let texts = texts();
    |key| functions::shared_by_two(&texts[key], 3)
}

pub fn by_template(key: usize) -> u64 {
    functions::by_template(key as u64)
}

pub fn tagged(key: usize) -> u64 {
    functions::tagged(key as u64)
}
