//! Builders, and what becomes of times that several places set.

use std::time::Duration;

use cachestack::{AnyBackend, Cache, ErrorKind, Layer, MemoryBackend, TieredCache};

use super::{MINUTE, cache, with_clock};

#[test]
fn a_time_of_zero_is_an_error_that_names_it() {
    let zero = Duration::ZERO;
    let wrong = [
        ("ttl", Cache::builder().ttl(zero)),
        ("max_ttl", Cache::builder().max_ttl(zero)),
        ("wait", Cache::builder().wait(zero)),
        (
            "max_ttl",
            Cache::builder().layer(Layer::new(MemoryBackend::default()).max_ttl(zero)),
        ),
    ];
    for (name, builder) in wrong {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_stack_without_layers_is_an_error_and_a_cache_without_layers_is_in_memory() {
    let error = TieredCache::builder().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let stats = cache().blocking().stats().unwrap();
    assert_eq!(stats.stack.layers.len(), 1);
    assert_eq!(stats.stack.layers[0].backend, "memory");
    assert_eq!(stats.stack.layers[0].max_entries, Some(10_000));
}

#[tokio::test]
async fn a_cache_is_made_of_any_backend_or_stack() {
    let memory = MemoryBackend::default();
    let stack = TieredCache::builder()
        .layer(memory.clone())
        .layer(MemoryBackend::default());
    let stack = stack.build().unwrap();
    let caches = [
        Cache::from(memory.clone()),
        Cache::from(AnyBackend::new(memory.clone())),
        Cache::from(stack.clone()),
        Cache::from(AnyBackend::new(stack.clone())),
    ];
    let depths = caches.each_ref().map(|cache| cache.stack().depth());
    assert_eq!(depths, [1, 1, 2, 2]);
    caches[0].set("k", 7, None).await.unwrap();
    for cache in &caches {
        assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(7));
    }
}

#[tokio::test]
async fn the_calls_ttl_goes_before_the_caches_and_the_limit_caps_both() {
    let clock = cachestack::Clock::manual();
    let memory = MemoryBackend::builder().ttl(MINUTE * 9).max_ttl(MINUTE * 8);
    let memory = memory.clock(clock.clone()).build().unwrap();
    let build = |ttl: Option<u32>, max_ttl: Option<u32>| {
        let mut builder = Cache::builder().layer(memory.clone()).clock(clock.clone());
        if let Some(ttl) = ttl {
            builder = builder.ttl(MINUTE * ttl);
        }
        if let Some(max_ttl) = max_ttl {
            builder = builder.max_ttl(MINUTE * max_ttl);
        }
        builder.build().unwrap()
    };
    for (call, ttl, max_ttl, lives) in [
        (Some(1), Some(2), Some(3), 1),
        (None, Some(2), Some(3), 2),
        (Some(5), Some(2), Some(3), 3),
        (None, Some(5), Some(3), 3),
        (None, None, Some(3), 3),
        // The backend's own.
        (None, None, None, 8),
        (Some(20), Some(2), None, 8),
    ] {
        let cache = build(ttl, max_ttl);
        let options = call.map(|minutes| MINUTE * minutes);
        cache.set("k", 1, options).await.unwrap();
        let left = cache.get_with_ttl::<i32>("k").await.unwrap();
        assert_eq!(left, Some((1, Some(MINUTE * lives))));
    }
}

#[test]
fn debug_shows_no_value_and_no_key() {
    let (cache, _) = with_clock();
    cache
        .blocking()
        .set("secret-key", String::from("secret"), None)
        .unwrap();
    let shown = format!("{cache:?} {:?}", cache.blocking());
    assert!(!shown.contains("secret"), "{shown}");
}
