//! A manual clock is given once, to the builder, and moves everything that lives by time.

use std::time::Duration;

use cachestack::testing::{Fault, FaultyBackend};
use cachestack::{
    Backend, Cache, Clock, Entry, FileBackend, Key, Layer, MemoryBackend, Namespace, TieredCache,
};
use cachestack_tests::eventually;
use futures_executor::block_on;

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_clock_that_is_given_to_the_builder_moves_every_layer() {
    let (clock, folder) = (Clock::manual(), tempfile::tempdir().unwrap());
    let cache = Cache::builder()
        .layer(MemoryBackend::builder().build().unwrap())
        .layer(FileBackend::builder(folder.path()).build().unwrap())
        .clock(clock.clone())
        .build();
    let cache = cache.unwrap().blocking();
    cache.set("k", 1, MINUTE).unwrap();
    clock.advance(MINUTE - SECOND);
    let (value, left) = cache.get_with_ttl::<i32>("k").unwrap().unwrap();
    // Files round up to the millisecond.
    let left = left.unwrap();
    assert!(
        value == 1 && left >= SECOND && left <= SECOND + MILLI,
        "{left:?}"
    );
    clock.advance(SECOND + MILLI);
    assert_eq!(cache.get::<i32>("k").unwrap(), None);
    assert!(!cache.exists("k").unwrap());
}

#[test]
fn files_are_purged_by_the_clock_of_the_builder() {
    let (clock, folder) = (Clock::manual(), tempfile::tempdir().unwrap());
    let files = FileBackend::builder(folder.path()).auto_purge_interval(MINUTE);
    let files = files.build().unwrap();
    let cache = Cache::builder().layer(files.clone()).clock(clock.clone());
    let cache = cache.build().unwrap().blocking();
    cache.set("ends", 1, SECOND).unwrap();
    clock.advance(2 * MINUTE);
    eventually(|| {
        // What sweeps the folder when it is opened may run until now: a purge comes after that.
        cache.set("k", 1, None).unwrap();
        block_on(files.stats()).unwrap().expirations == 1
    });
}

#[test]
fn the_embedded_store_has_the_clock_of_the_builder_too() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build().unwrap();
    let cache = cache.blocking();
    cache.set("k", 1, MINUTE).unwrap();
    clock.advance(MINUTE);
    assert_eq!(cache.get::<i32>("k").unwrap(), None);
}

#[test]
fn a_layer_that_was_given_a_clock_keeps_it() {
    let (own, given) = (Clock::manual(), Clock::manual());
    let memory = MemoryBackend::builder().clock(own.clone()).build().unwrap();
    let stack = TieredCache::builder().layer(memory.clone());
    let _stack = stack.clock(given.clone()).build().unwrap();
    let key = Key::new(&Namespace::default(), "k");
    let entry = Entry::new(1_i32, own.now()).capped(own.now(), Some(MINUTE));
    block_on(memory.set(&key, entry)).unwrap();
    let is_there = || block_on(memory.exists(&key)).unwrap();
    given.advance(MINUTE);
    assert!(is_there());
    own.advance(MINUTE);
    assert!(!is_there());
}

#[test]
fn stores_made_by_clones_of_one_builder_have_each_their_own() {
    let builder = MemoryBackend::builder();
    let clocks = [Clock::manual(), Clock::manual()];
    let caches = clocks.clone().map(|clock| {
        let memory = builder.clone().build().unwrap();
        let cache = Cache::builder().layer(memory).clock(clock).build();
        cache.unwrap().blocking()
    });
    for cache in &caches {
        cache.set("k", 1, MINUTE).unwrap();
    }
    clocks[0].advance(MINUTE);
    let left = caches.map(|cache| cache.get::<i32>("k").unwrap());
    assert_eq!(left, [None, Some(1)]);
}

#[test]
fn moving_the_clock_brings_the_next_probe_of_a_layer_that_is_away() {
    let clock = Clock::manual();
    // Works on its caller's runtime only: a caller probes, after a pause.
    let below = FaultyBackend::new(MemoryBackend::default());
    let below = below.with_info(|info| info.immediate(false).detached(false));
    let faults = below.faults();
    let cache = Cache::builder()
        .layer(Layer::new(below).breaker_failures(1))
        .clock(clock.clone())
        .build();
    let cache = cache.unwrap().blocking();
    faults.inject_all(Fault::Refuse);
    assert!(cache.get::<i32>("k").is_err());
    faults.heal();
    let asked = faults.all_calls();
    assert!(cache.get::<i32>("k").is_err());
    assert_eq!(faults.all_calls(), asked, "it is not asked yet");
    clock.advance(SECOND);
    assert_eq!(cache.get::<i32>("k").unwrap(), None);
    assert!(faults.all_calls() > asked);
}
