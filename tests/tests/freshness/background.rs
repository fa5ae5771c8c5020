//! Where refreshes run, how many there are, and how they end.

use std::sync::Mutex;
use std::thread;

use cachestack::{Cache, cached};
use tokio::sync::{Notify, Semaphore};

use super::{Runs, SECOND, built, in_time, until, until_sync, with_clock};

#[test]
fn an_async_refresh_runs_on_its_callers_tokio_runtime() {
    static THREADS: Mutex<Vec<String>> = Mutex::new(Vec::new());

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> u8 {
        let name = thread::current().name().unwrap_or_default().to_owned();
        THREADS.lock().unwrap().push(name);
        7
    }

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("of-the-caller")
        .build()
        .unwrap();
    let (cache, clock) = with_clock();
    runtime.block_on(async {
        cache.scope(number()).await;
        clock.advance(10 * SECOND);
        cache.scope(number()).await;
        cache.flush().await.unwrap();
    });
    assert_eq!(THREADS.lock().unwrap()[1], "of-the-caller");
}

#[test]
fn without_a_runtime_it_runs_on_one_of_the_librarys_own_and_never_where_connections_live() {
    static THREADS: Mutex<Vec<String>> = Mutex::new(Vec::new());

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> u8 {
        let name = thread::current().name().unwrap_or_default().to_owned();
        THREADS.lock().unwrap().push(name);
        7
    }

    let (cache, clock) = with_clock();
    futures_executor::block_on(async {
        cache.scope(number()).await;
        clock.advance(10 * SECOND);
        cache.scope(number()).await;
        cache.flush().await.unwrap();
    });
    assert_eq!(THREADS.lock().unwrap()[1], "cachestack-work");
}

#[tokio::test]
async fn as_many_run_at_once_as_may_and_the_next_call_tries_again() {
    static RUNS: Runs = Runs::none();
    static GO: Semaphore = Semaphore::const_new(0);

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number(id: u64) -> u64 {
        if RUNS.one_more() >= 10 {
            drop(GO.acquire().await.unwrap());
            return id + 100;
        }
        id
    }

    let (cache, clock) = built(|it| it.max_background(3));
    let all = async {
        for id in 0..10 {
            number(id).await;
        }
        clock.advance(10 * SECOND);
        for id in 0..10 {
            assert_eq!(number(id).await, id);
        }
        until(|| RUNS.count() == 13).await;
        let stats = cache.stats().await.unwrap();
        assert_eq!(
            (stats.in_background, stats.revalidated, stats.put_off),
            (3, 3, 7)
        );
        GO.add_permits(10);
        cache.flush().await.unwrap();
        assert_eq!(number(9).await, 9);
        cache.flush().await.unwrap();
        assert_eq!(number(9).await, 109);
    };
    in_time(cache.scope(all)).await;
}

#[tokio::test]
async fn closing_waits_for_what_runs_and_starts_nothing_more() {
    static RUNS: Runs = Runs::none();
    static GO: Notify = Notify::const_new();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> usize {
        let run = RUNS.one_more();
        if run == 1 {
            GO.notified().await;
            // Something to be seen at the end only.
            RUNS.one_more();
        }
        run
    }

    let (cache, clock) = with_clock();
    let all = async {
        number().await;
        clock.advance(10 * SECOND);
        number().await;
        until(|| RUNS.count() == 2).await;
        let mut closing = Box::pin(cache.close());
        tokio::select! {
            biased;
            _ = &mut closing => panic!("it closed before the refresh had ended"),
            () = tokio::task::yield_now() => {}
        }
        GO.notify_one();
        closing.await.unwrap();
        assert_eq!(RUNS.count(), 3);
    };
    in_time(cache.scope(all)).await;
}

#[test]
fn a_refresh_whose_runtime_ends_is_taken_over_by_a_later_call() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> usize {
        let run = RUNS.one_more();
        if run == 1 {
            std::future::pending::<()>().await;
        }
        run
    }

    let (cache, clock) = with_clock();
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let first = runtime();
    first.block_on(async {
        cache.scope(number()).await;
        clock.advance(10 * SECOND);
        cache.scope(number()).await;
        until(|| RUNS.count() == 2).await;
    });
    drop(first);
    clock.advance(5 * SECOND);
    runtime().block_on(async {
        assert_eq!(cache.scope(number()).await, 0);
        cache.flush().await.unwrap();
        assert_eq!(cache.scope(number()).await, 2);
    });
}

#[test]
fn a_refresh_uses_the_cache_of_its_call_and_so_do_functions_that_it_calls() {
    static INNER: Runs = Runs::none();

    #[cached(ttl = 3600)]
    fn inner() -> usize {
        INNER.one_more()
    }

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn outer() -> usize {
        inner()
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        outer();
        clock.advance(10 * SECOND);
        outer();
        cache.blocking().flush().unwrap();
        assert_eq!(outer::entries().stats().revalidated, 1);
    });
    assert_eq!(INNER.count(), 1);
    assert_eq!(cache.blocking().stats().unwrap().computed, 3);
}

#[test]
fn a_body_that_stays_on_its_thread_works_without_any_of_it() {
    use std::rc::Rc;

    #[cached(ttl = 10, stale_if_error = 60)]
    async fn number() -> Result<u8, String> {
        let here = Rc::new(7);
        tokio::task::yield_now().await;
        Ok(*here)
    }

    let (cache, _clock) = with_clock();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(cache.scope(number())), Ok(7));
}

#[test]
fn a_sync_refresh_that_never_ends_holds_up_neither_calls_nor_files() {
    static GO: Mutex<()> = Mutex::new(());
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn number(id: u64) -> u64 {
        if RUNS.one_more() >= 8 {
            drop(GO.lock().unwrap());
        }
        id
    }

    let folder = tempfile::tempdir().unwrap();
    let (cache, clock) = built(|it| {
        let files = cachestack::FileBackend::builder(folder.path());
        it.layer(cachestack::MemoryBackend::default())
            .layer(files.build().unwrap())
    });
    cache.sync_scope(|| {
        for id in 0..8 {
            number(id);
        }
        // Files write times down to the next millisecond.
        clock.advance(11 * SECOND);
        let held = GO.lock().unwrap();
        for id in 0..8 {
            assert_eq!(number(id), id);
        }
        until_sync(|| RUNS.count() >= 12);
        let by_hand = cache.blocking();
        by_hand.set("k", 1_u8, None).unwrap();
        assert_eq!(by_hand.get::<u8>("k").unwrap(), Some(1));
        drop(held);
        by_hand.flush().unwrap();
    });
}

#[test]
fn a_cache_that_is_closed_says_so_in_time_when_a_refresh_never_ends() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number() -> usize {
        let run = RUNS.one_more();
        if run == 1 {
            std::future::pending::<()>().await;
        }
        run
    }

    let (cache, clock) = with_clock();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        cache.scope(number()).await;
        clock.advance(10 * SECOND);
        cache.scope(number()).await;
        until(|| RUNS.count() == 2).await;
        let error = in_time(cache.close()).await.unwrap_err();
        assert_eq!(error.kind(), cachestack::ErrorKind::Timeout);
        assert!(error.to_string().contains("in the background"), "{error}");
        assert_eq!(cache.stats().await.unwrap().in_background, 0);
    });
    let _: &Cache = &cache;
}

#[test]
fn a_sync_refresh_that_waits_for_a_thread_does_not_begin_after_its_cache_was_closed() {
    static GO: Mutex<()> = Mutex::new(());
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn number(id: u64) -> u64 {
        if RUNS.one_more() >= 6 {
            drop(GO.lock().unwrap());
        }
        id
    }

    let (cache, clock) = with_clock();
    let held = cache.sync_scope(|| {
        for id in 0..6 {
            number(id);
        }
        clock.advance(10 * SECOND);
        let held = GO.lock().unwrap();
        for id in 0..6 {
            number(id);
        }
        held
    });
    assert!(cache.blocking().close().is_err());
    let begun = RUNS.count();
    assert!(begun <= 10, "{begun}");
    drop(held);
    // What had begun ends; the threads are free for what waited.
    until_sync(|| GO.try_lock().is_ok());
    thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(RUNS.count(), begun);
}
