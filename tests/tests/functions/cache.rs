//! `cache = ...`.

use std::sync::{Arc, LazyLock};

use cachestack::{Cache, cached};

use super::cache;

#[test]
fn the_cache_is_named_by_any_expression_that_holds_one() {
    static LAZY: LazyLock<Cache> = LazyLock::new(cache);
    static SHARED: LazyLock<Arc<Cache>> = LazyLock::new(|| Arc::new(cache()));

    #[cached(cache = LAZY)]
    fn lazy(x: u32) -> u32 {
        x
    }

    #[cached(cache = SHARED)]
    fn shared(x: u32) -> u32 {
        x
    }

    #[cached(cache = &*LAZY)]
    fn reference(x: u32) -> u32 {
        x
    }

    fn computed(cache: &Cache) -> u64 {
        cache.blocking().stats().unwrap().computed
    }
    for _ in 0..2 {
        lazy(1);
        shared(1);
        reference(1);
    }
    assert_eq!((computed(&LAZY), computed(&SHARED)), (2, 1));
}

#[tokio::test]
async fn an_async_function_may_have_a_cache_of_its_own() {
    static OWN: LazyLock<Cache> = LazyLock::new(cache);

    #[cached(cache = OWN, ttl = 60)]
    async fn own(x: u32) -> u32 {
        tokio::task::yield_now().await;
        x
    }

    tokio::spawn(async { (own(1).await, own(1).await) })
        .await
        .unwrap();
    assert_eq!(OWN.stats().await.unwrap().computed, 1);
}
