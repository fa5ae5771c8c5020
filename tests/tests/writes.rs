//! Writes and deletions on slow layers: who waits for whom, and what happens to those that nobody drives.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cachestack::{Cache, MemoryBackend, Operation, cached, invalidate};
use cachestack_tests::{Shelf, within};

const LONG: Duration = Duration::from_secs(5);

fn over(shelf: &Shelf) -> Cache {
    let memory = MemoryBackend::default();
    let cache = Cache::builder().layer(memory).layer(shelf.clone());
    let cache = cache.build().unwrap();
    numbered(&cache);
    shelf.forget_asked();
    cache
}

/// The first write to a store makes the number of the namespace there, before it begins.
fn numbered(cache: &Cache) {
    cache.blocking().set("first", 0, None).unwrap();
    cache.blocking().delete("first").unwrap();
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn current_thread() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn sync_code_in_one_turn_of_a_task_may_use_a_slow_layer_any_number_of_times() {
    within(LONG, || {
        current_thread().block_on(async {
            let cache = over(&Shelf::new()).blocking();
            for i in 0..1000 {
                cache.set("k", i, None).unwrap();
            }
            assert_eq!(cache.get::<i32>("k").unwrap(), Some(999));
        });
    });
}

#[test]
fn a_write_that_is_not_polled_any_more_holds_up_nobody() {
    within(LONG, || {
        current_thread().block_on(async {
            let shelf = Shelf::new();
            let cache = over(&shelf);
            let hold = shelf.hold(Operation::Set);
            let mut forgotten = pin!(cache.set("k", 1, None));
            assert!(poll_once(forgotten.as_mut()).is_pending());
            hold.arrived().await;
            drop(hold);
            cache.delete("k").await.unwrap();
            assert_eq!(cache.get::<i32>("k").await.unwrap(), None);
            assert!(shelf.is_empty());
        });
    });
}

#[test]
fn sync_code_waits_for_an_async_write_of_the_thread_that_it_blocks() {
    within(LONG, || {
        current_thread().block_on(async {
            let shelf = Shelf::new();
            let cache = over(&shelf);
            let hold = shelf.hold(Operation::Set);
            let mut other = pin!(cache.set("k", 1, None));
            assert!(poll_once(other.as_mut()).is_pending());
            hold.arrived().await;
            drop(hold);
            cache.blocking().set("k", 2, None).unwrap();
            other.await.unwrap();
            assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(2));
        });
    });
}

#[tokio::test]
async fn a_deletion_whose_future_is_dropped_still_reaches_every_layer() {
    let shelf = Shelf::new();
    let cache = over(&shelf);
    cache.set("k", 1, None).await.unwrap();
    let hold = shelf.hold(Operation::Delete);
    {
        let mut dropped = pin!(cache.delete("k"));
        assert!(poll_once(dropped.as_mut()).is_pending());
        hold.arrived().await;
    }
    drop(hold);
    // It waits for the one before it.
    cache.set("k", 2, None).await.unwrap();
    assert_eq!(shelf.asked(Operation::Delete), 1);
    assert_eq!(shelf.len(), 1);
}

#[tokio::test]
async fn an_invalidation_whose_future_is_dropped_after_the_body_still_reaches_every_layer() {
    #[cached]
    async fn a(id: u64) -> u64 {
        id
    }
    #[cached]
    async fn b(id: u64) -> u64 {
        id
    }
    #[invalidate(a(id), b(id))]
    async fn change(id: u64) {}

    let shelf = Shelf::new();
    let cache = over(&shelf);
    cache
        .scope(async {
            a(1).await;
            b(1).await;
            assert_eq!(shelf.len(), 2);
            let hold = shelf.hold(Operation::Delete);
            {
                let mut dropped = pin!(change(1));
                assert!(poll_once(dropped.as_mut()).is_pending());
                hold.arrived().await;
            }
            drop(hold);
            a::entry(1).invalidate().await.unwrap();
            b::entry(1).invalidate().await.unwrap();
            assert_eq!(shelf.asked(Operation::Delete), 4);
            assert!(shelf.is_empty());
        })
        .await;
}

#[tokio::test]
async fn a_write_by_hand_that_was_dropped_before_it_began_does_not_come_after_a_deletion() {
    let shelf = Shelf::new();
    let cache = over(&shelf);
    let hold = shelf.hold(Operation::Set);
    let mut first = pin!(cache.set("k", 1, None));
    assert!(poll_once(first.as_mut()).is_pending());
    hold.arrived().await;
    {
        // Waits for the first.
        let mut dropped = pin!(cache.set("k", 2, None));
        assert!(poll_once(dropped.as_mut()).is_pending());
    }
    drop(hold);
    cache.delete("k").await.unwrap();
    first.await.unwrap();
    cache.flush().await.unwrap();
    // Whatever is queued has run when these four hold all threads of the pool.
    for _ in 0..4 {
        cache.delete("k").await.unwrap();
    }
    assert_eq!(cache.get::<i32>("k").await.unwrap(), None);
    assert_eq!(shelf.asked(Operation::Set), 1);
}

#[test]
fn writers_of_several_keys_and_clears_do_not_lock_each_other_out() {
    within(Duration::from_secs(20), || {
        let shelf = Shelf::new();
        let cache = over(&shelf).blocking();
        std::thread::scope(|scope| {
            for thread in 0..3_u32 {
                let cache = &cache;
                scope.spawn(move || {
                    for round in 0..300 {
                        let keys = ["a", "b", "c"];
                        match (thread + round) % 3 {
                            0 => cache.clear().unwrap(),
                            1 => cache.delete_many(keys).unwrap(),
                            _ => cache.set_many(keys.map(|key| (key, 1)), None).unwrap(),
                        }
                    }
                });
            }
        });
    });
}

#[tokio::test]
async fn a_layer_that_needs_its_callers_runtime_is_written_to_in_it() {
    let shelf = Shelf::attached();
    let cache = over(&shelf);
    let hold = shelf.hold(Operation::Set);
    {
        let mut dropped = pin!(cache.set("k", 1, None));
        assert!(poll_once(dropped.as_mut()).is_pending());
        hold.arrived().await;
    }
    drop(hold);
    cache.set("other", 1, None).await.unwrap();
    assert_eq!(shelf.len(), 1);
}

#[tokio::test]
async fn a_read_does_not_wait_for_a_write_of_the_same_key() {
    let (middle, below) = (Shelf::new(), Shelf::new());
    let cache = Cache::builder().layer(middle.clone()).layer(below.clone());
    let cache = cache.build().unwrap();
    numbered(&cache);
    Cache::from(below.clone()).set("k", 1, None).await.unwrap();
    middle.forget_asked();
    let hold = middle.hold(Operation::Set);
    let mut write = pin!(cache.set("k", 2, None));
    assert!(poll_once(write.as_mut()).is_pending());
    hold.arrived().await;
    // It is below already, and its copy into the middle is left to the write.
    assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(2));
    drop(hold);
    write.await.unwrap();
    cache.flush().await.unwrap();
    assert_eq!(middle.asked(Operation::Set), 1);
}
