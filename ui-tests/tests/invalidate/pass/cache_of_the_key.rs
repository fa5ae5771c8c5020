use std::sync::LazyLock;

use cachestack::{Cache, cached, invalidate};

static CACHE: LazyLock<Cache> = LazyLock::new(|| Cache::builder().build().expect("a memory cache"));

#[cached(key = "user:{id}", cache = CACHE)]
fn user(id: u64) -> u64 {
    id
}

#[invalidate(key = "user:{id}", cache = CACHE)]
fn rename(id: u64) -> u64 {
    id
}

#[invalidate(key = "user:{id}", cache = "sessions")]
fn rename_in_a_named(id: u64) -> u64 {
    id
}

#[test]
fn works() {
    user(1);
    rename_in_a_named(1);
    assert_eq!(user::entry(1).peek(), Some(1));
    rename(1);
    assert_eq!(user::entry(1).peek(), None);
}
