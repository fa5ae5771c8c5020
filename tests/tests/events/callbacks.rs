//! Callbacks: who is called, where, and what they may do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use cachestack::{Cache, Outcome, cached};
use cachestack_tests::within;

use super::{Heard, heard};

#[test]
fn all_callbacks_are_called_on_the_thread_of_the_call() {
    #[cached]
    fn double(x: u64) -> u64 {
        x * 2
    }

    let (first, second) = (Heard::default(), Heard::default());
    let threads = Arc::new(Mutex::new(Vec::new()));
    let builder = Cache::builder().on_event({
        let (first, threads) = (first.clone(), Arc::clone(&threads));
        move |event| {
            first.hear(event);
            threads.lock().unwrap().push(thread::current().id());
        }
    });
    let cache = second.of(builder);
    cache.sync_scope(|| double(4));
    assert_eq!(first.outcomes(), [Outcome::Computed]);
    assert_eq!(second.outcomes(), [Outcome::Computed]);
    assert_eq!(*threads.lock().unwrap(), [thread::current().id()]);
}

#[tokio::test]
async fn a_panic_in_a_callback_harms_no_call_and_no_other_callback() {
    #[cached]
    async fn double(x: u64) -> u64 {
        x * 2
    }

    let heard = Heard::default();
    let builder = Cache::builder().on_event(|_| panic!("as this test wants"));
    let cache = heard.of(builder);
    let all = async { (double(4).await, double(4).await) };
    assert_eq!(cache.scope(all).await, (8, 8));
    assert_eq!(heard.outcomes(), [Outcome::Computed, Outcome::Hit]);
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.in_flight), (1, 0));
}

#[test]
fn a_callback_may_call_the_function_itself_and_is_not_told_of_that() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static CACHE: OnceLock<Cache> = OnceLock::new();

    #[cached]
    fn double(x: u64) -> u64 {
        x * 2
    }
    #[cached]
    fn fails(x: u64) -> Result<u64, u64> {
        Err(x)
    }

    within(Duration::from_secs(9), || {
        let builder = Cache::builder().on_event(|event| {
            CALLS.fetch_add(1, Ordering::SeqCst);
            let cache = CACHE.get().unwrap();
            cache.sync_scope(|| {
                // The key of the event, whose flight is over, and another.
                assert_eq!((double(4), double(5)), (8, 10));
                assert_eq!(fails(4), Err(4));
            });
            let by_hand = cache.blocking();
            by_hand.set("k", 1, None).unwrap();
            by_hand.stats().unwrap();
            if event.outcome() == Outcome::Hit {
                double::entries().blocking().invalidate().unwrap();
            }
        });
        let cache = CACHE.get_or_init(|| builder.build().unwrap());
        cache.sync_scope(|| {
            assert_eq!((double(4), double(4), double(4)), (8, 8, 8));
            assert_eq!(fails(4), Err(4));
        });
        assert_eq!(CALLS.load(Ordering::SeqCst), 4);
        assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
    });
}

#[tokio::test]
async fn nobody_waits_for_a_computation_while_a_callback_runs() {
    static CACHE: OnceLock<Cache> = OnceLock::new();
    static IN_FLIGHT: Mutex<Vec<u64>> = Mutex::new(Vec::new());

    #[cached]
    async fn number(fails: bool) -> Result<u64, ()> {
        if fails { Err(()) } else { Ok(1) }
    }

    let builder = Cache::builder().on_event(|_| {
        let stats = CACHE.get().unwrap().blocking().stats().unwrap();
        IN_FLIGHT.lock().unwrap().push(stats.in_flight);
    });
    let cache = CACHE.get_or_init(|| builder.build().unwrap());
    let all = async { (number(false).await, number(false).await, number(true).await) };
    assert_eq!(cache.scope(all).await, (Ok(1), Ok(1), Err(())));
    assert_eq!(*IN_FLIGHT.lock().unwrap(), [0, 0, 0]);
}

#[test]
fn each_cache_tells_its_own_callbacks() {
    #[cached]
    fn double(x: u64) -> u64 {
        x * 2
    }

    let ((one, of_one), (two, of_two)) = (heard(), heard());
    one.sync_scope(|| double(4));
    two.sync_scope(|| (double(4), double(4)));
    assert_eq!(of_one.outcomes(), [Outcome::Computed]);
    assert_eq!(of_two.outcomes(), [Outcome::Computed, Outcome::Hit]);
    assert_eq!(double::entries().stats().computed, 2);
}

#[test]
fn the_key_is_told_where_it_is_asked_for_and_never_in_debug() {
    #[cached]
    fn secret(_token: &str) -> u64 {
        1
    }

    let shown = Arc::new(Mutex::new(Vec::new()));
    let cache = Cache::builder().namespace("shop").on_event({
        let shown = Arc::clone(&shown);
        move |event| {
            assert!(event.key().unwrap().contains("hunter2"));
            shown.lock().unwrap().push(format!("{event:?}"));
        }
    });
    let cache = cache.build().unwrap();
    cache.sync_scope(|| (secret("hunter2"), secret("hunter2")));
    let shown = shown.lock().unwrap();
    assert_eq!(shown.len(), 2);
    assert!(shown.iter().all(|it| !it.contains("hunter2")), "{shown:?}");
    assert!(
        shown[1].contains("Hit") && shown[1].contains("shop"),
        "{shown:?}"
    );
    assert!(!format!("{cache:?}").contains("hunter2"));
}
