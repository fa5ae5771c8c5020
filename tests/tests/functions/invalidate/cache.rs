//! `cache = ...` of a mutation.

use std::sync::LazyLock;

use cachestack::{Cache, cached, invalidate};

use super::super::cache;
use super::{fill, name, there};

#[tokio::test]
async fn keys_are_deleted_from_the_cache_that_is_named_and_targets_from_their_own() {
    static NAMED: LazyLock<Cache> = LazyLock::new(cache);
    static OWN: LazyLock<Cache> = LazyLock::new(cache);

    #[cached(cache = OWN)]
    async fn own(id: u64) -> u64 {
        id
    }

    #[invalidate(own(id), name(id), key = "k:{id}", cache = NAMED)]
    async fn change(id: u64) {}

    let scope = cache();
    for cache in [&*NAMED, &*OWN, &scope] {
        cache.set("k:1", 1, None).await.unwrap();
    }
    scope
        .scope(async {
            fill().await;
            own(1).await;
            change(1).await;
            assert_eq!(own::entry(1).peek(), None);
            assert_eq!(there(), [false, true, true, true]);
        })
        .await;
    assert!(!NAMED.exists("k:1").await.unwrap());
    assert!(OWN.exists("k:1").await.unwrap());
    assert!(scope.exists("k:1").await.unwrap());
}

#[tokio::test]
async fn keys_of_a_cache_by_name_are_deleted_in_it() {
    #[invalidate(key = "k:{id}", cache = "mutations")]
    fn change(id: u64) {}

    // Nobody has configured it; the mutation does not mind.
    change(1);
    let named = cache();
    cachestack::configure_named("mutations", named.clone()).unwrap();
    named.set("k:1", 1, None).await.unwrap();
    change(1);
    assert!(!named.exists("k:1").await.unwrap());
}
