//! Nothing old after a clear, nothing asked of a layer that need not answer, nothing from a closed cache.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cachestack::testing::{FaultyBackend, Method};
use cachestack::{Cache, Clock, ErrorKind, MemoryBackend, cached, invalidate};

const MINUTE: Duration = Duration::from_secs(60);

fn memory() -> MemoryBackend {
    MemoryBackend::default()
}

fn stacks() -> Vec<Cache> {
    let one = Cache::builder().layer(memory());
    let two = Cache::builder().layer(memory()).layer(memory());
    let slow = FaultyBackend::new(memory()).with_info(|info| info.immediate(false).detached(true));
    let below = Cache::builder().layer(memory()).layer(slow);
    [one, two, below].map(|it| it.build().unwrap()).into()
}

#[test]
fn after_a_clear_has_returned_no_call_gets_what_was_there() {
    for cache in stacks() {
        let cache = cache.blocking();
        for other in 0..2_000 {
            cache.set(format!("other {other}"), other, None).unwrap();
        }
        let (source, cleared) = (AtomicU64::new(0), AtomicU64::new(0));
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::SeqCst) {
                        let least = cleared.load(Ordering::SeqCst);
                        let read = || source.load(Ordering::SeqCst);
                        let got: u64 = cache.get_or_compute("k", None, read);
                        assert!(got >= least, "{got} after {least} was the least");
                    }
                });
            }
            for version in 1..=300 {
                source.store(version, Ordering::SeqCst);
                cache.clear().unwrap();
                cleared.store(version, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
        });
    }
}

#[test]
fn a_hit_in_memory_asks_no_lower_layer() {
    let below = FaultyBackend::new(memory()).with_info(|info| info.immediate(false));
    let faults = below.faults();
    let cache = Cache::builder().layer(memory()).layer(below).build();
    let cache = cache.unwrap().blocking();
    cache.set("k", 1, None).unwrap();
    let before = faults.all_calls();
    for _ in 0..10 {
        assert_eq!(cache.get::<i32>("k").unwrap(), Some(1));
    }
    assert_eq!(faults.all_calls(), before);
    cache.get_with_ttl::<i32>("k").unwrap();
    assert_eq!(faults.calls(Method::Ttl), 1);
}

#[test]
fn get_with_ttl_on_a_stack_is_the_time_in_the_lowest_layer() {
    let clock = Clock::manual();
    let layer = || MemoryBackend::builder().clock(clock.clone());
    let upper = layer().max_ttl(Duration::from_secs(5)).build().unwrap();
    let cache = Cache::builder()
        .clock(clock.clone())
        .layer(upper)
        .layer(layer().build().unwrap())
        .build();
    let cache = cache.unwrap().blocking();
    cache.set("k", 1, MINUTE).unwrap();
    assert_eq!(cache.get_with_ttl("k").unwrap(), Some((1, Some(MINUTE))));
    clock.advance(Duration::from_secs(20));
    let left = Some(Duration::from_secs(40));
    assert_eq!(cache.get_with_ttl("k").unwrap(), Some((1, left)));
}

#[tokio::test]
async fn a_handle_on_a_closed_cache_gives_nothing_out() {
    #[cached]
    async fn double(x: u64) -> u64 {
        x * 2
    }

    let cache = Cache::builder().layer(memory()).build().unwrap();
    let entry = cache
        .scope(async {
            double(4).await;
            double::entry(4)
        })
        .await;
    assert_eq!(entry.get().await.unwrap(), Some(8));
    cache.close().await.unwrap();
    assert_eq!(entry.peek(), None);
    assert_eq!(entry.get().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_mutation_over_a_closed_cache_counts_what_it_could_not_invalidate() {
    #[invalidate(key = "k")]
    fn change() -> u64 {
        7
    }

    let cache = Cache::builder().layer(memory()).build().unwrap();
    cache.blocking().close().unwrap();
    assert_eq!(cache.sync_scope(change), 7);
    assert_eq!(cache.blocking().stats().unwrap().failed_open, 1);
}
