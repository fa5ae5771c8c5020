//! Which cache a function uses: the configured one, one by name, or the scope's.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, panic, thread};

use cachestack::{Cache, ErrorKind, cached, configure, configure_named, current, named};

const ALONE: &str = "CACHESTACK_TEST_ALONE";

/// Runs a test in a process of its own: what is configured is so for all of a process.
fn alone(test: impl FnOnce()) {
    let name = thread::current().name().unwrap().to_owned();
    if env::var_os(ALONE).is_some() {
        return test();
    }
    let mut process = Command::new(env::current_exe().unwrap());
    let process = process.args([&name, "--exact", "--nocapture"]);
    let output = process.env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

fn computed(cache: &Cache) -> u64 {
    cache.blocking().stats().unwrap().computed
}

#[cached]
fn double(x: u64) -> u64 {
    x * 2
}

#[cached(cache = "sessions")]
fn session(id: u64) -> u64 {
    id
}

#[test]
fn configuring_twice_is_an_error_and_the_first_cache_stays() {
    alone(|| {
        let (first, second) = (cache(), cache());
        configure(first.clone()).unwrap();
        let error = configure(second.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("configured already"), "{error}");
        assert!(error.to_string().contains("configure_named"), "{error}");
        double(1);
        assert_eq!((computed(&first), computed(&second)), (1, 0));
    });
}

#[test]
fn the_embedded_default_serves_until_another_cache_is_configured() {
    alone(|| {
        static RUNS: AtomicUsize = AtomicUsize::new(0);

        #[cached]
        fn count() -> usize {
            RUNS.fetch_add(1, Ordering::SeqCst)
        }

        assert_eq!((count(), count()), (0, 0));
        let embedded = current().unwrap();
        assert_eq!(computed(&embedded), 1);
        let own = Cache::builder().namespace("own").build().unwrap();
        configure(own).unwrap();
        assert_eq!((count(), count()), (1, 1));
        assert_eq!(current().unwrap().namespace().as_str(), "own");
        assert_eq!(computed(&embedded), 1);
    });
}

#[test]
fn a_function_uses_the_cache_of_the_name_it_gives() {
    alone(|| {
        let (sessions, other) = (cache(), cache());
        configure(other.clone()).unwrap();
        configure_named("sessions", sessions.clone()).unwrap();
        configure_named("unused", cache()).unwrap();
        session(1);
        session(1);
        assert_eq!((computed(&sessions), computed(&other)), (1, 0));
        assert!(named("sessions").is_some());
        assert_eq!(session::entry(1).peek(), Some(1));

        let error = configure_named("sessions", cache()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("\"sessions\""), "{error}");
        session(2);
        assert_eq!(computed(&sessions), 2);
    });
}

#[test]
fn a_function_whose_cache_nobody_configured_computes_every_time() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached(cache = "nobody")]
    fn count(x: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        x
    }

    assert!(named("nobody").is_none());
    assert_eq!((count(1), count(1)), (1, 1));
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
    let entry = count::entry(1);
    assert_eq!(entry.peek(), None);
    let error = entry.key().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("configure_named"), "{error}");
    assert!(entry.blocking().invalidate().is_err());
}

#[test]
fn a_scope_takes_the_place_of_the_configured_and_of_named_caches() {
    alone(|| {
        let (global, scope) = (cache(), cache());
        configure(global.clone()).unwrap();
        configure_named("sessions", global.clone()).unwrap();
        scope.sync_scope(|| {
            double(1);
            session(1);
        });
        assert_eq!((computed(&global), computed(&scope)), (0, 2));
        double(1);
        session(1);
        assert_eq!((computed(&global), computed(&scope)), (2, 2));
    });
}

#[test]
fn a_scope_leaves_alone_functions_that_bring_their_own_cache() {
    static OWN: std::sync::LazyLock<Cache> = std::sync::LazyLock::new(cache);

    #[cached(cache = OWN)]
    fn own(x: u64) -> u64 {
        x
    }

    let scope = cache();
    scope.sync_scope(|| own(1));
    assert_eq!((computed(&OWN), computed(&scope)), (1, 0));
}

#[tokio::test]
async fn of_nested_scopes_the_inner_one_holds_and_then_the_outer_one_again() {
    let (outer, inner) = (cache(), cache());
    outer
        .scope(async {
            double(1);
            inner
                .scope(async {
                    double(1);
                    tokio::task::yield_now().await;
                    double(2);
                    inner.sync_scope(|| double(3));
                })
                .await;
            tokio::task::yield_now().await;
            double(2);
        })
        .await;
    assert_eq!((computed(&outer), computed(&inner)), (2, 3));
}

#[tokio::test]
async fn futures_that_take_turns_on_one_thread_keep_their_own_scopes() {
    let (one, two) = (cache(), cache());
    let calls = |cache: Cache| async move {
        let run = async {
            for x in 0..10 {
                double(x);
                tokio::task::yield_now().await;
            }
        };
        cache.scope(run).await;
    };
    tokio::join!(calls(one.clone()), calls(two.clone()), async {
        double(1);
    });
    assert_eq!((computed(&one), computed(&two)), (10, 10));
}

#[tokio::test]
async fn tasks_and_threads_that_begin_in_a_scope_are_outside_of_it() {
    let scope = cache();
    scope
        .scope(async {
            tokio::spawn(async { double(101) }).await.unwrap();
            tokio::task::spawn_blocking(|| double(102)).await.unwrap();
        })
        .await;
    scope.sync_scope(|| thread::spawn(|| double(103)).join().unwrap());
    assert_eq!(computed(&scope), 0);
}

#[test]
fn a_panic_ends_the_scopes_it_leaves() {
    let (outer, inner) = (cache(), cache());
    outer.sync_scope(|| {
        let run = panic::AssertUnwindSafe(|| {
            inner.sync_scope(|| panic!("in the scope, as this test wants"));
        });
        panic::catch_unwind(run).unwrap_err();
        double(1);
    });
    assert_eq!((computed(&outer), computed(&inner)), (1, 0));
}

#[test]
fn a_scope_that_a_future_is_dropped_in_ends_with_it() {
    let (outer, inner) = (cache(), cache());
    outer.sync_scope(|| {
        let mut pending = Box::pin(inner.scope(std::future::pending::<()>()));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(pending.as_mut().poll(&mut context).is_pending());
        double(1);
        drop(pending);
        double(2);
    });
    assert_eq!((computed(&outer), computed(&inner)), (2, 0));
}

#[test]
fn the_handle_on_an_entry_stays_with_the_cache_of_the_scope_it_was_made_in() {
    let scope = cache();
    let entry = scope.sync_scope(|| double::entry(4));
    entry.blocking().put(9).unwrap();
    assert_eq!(scope.sync_scope(|| double(4)), 9);
}

/// Each of these sees its own cache alone, while the others run beside it.
mod parallel {
    use super::{cache, computed, double};

    fn sees_only_itself() {
        let cache = cache();
        for round in 1..=50 {
            cache.sync_scope(|| assert_eq!(double(round), round * 2));
            assert_eq!(computed(&cache), round);
        }
    }

    #[test]
    fn tests_with_scopes_of_their_own_share_nothing_first() {
        sees_only_itself();
    }

    #[test]
    fn tests_with_scopes_of_their_own_share_nothing_second() {
        sees_only_itself();
    }
}
