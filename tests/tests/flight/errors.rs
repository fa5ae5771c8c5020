//! What becomes of those who wait for a call that fails.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::{Cache, cached};

use super::{Gate, cache, in_flight, settle};

fn scoped<R: Send + 'static>(
    cache: &Cache,
    many: usize,
    call: impl AsyncCall<R>,
) -> Vec<tokio::task::JoinHandle<R>> {
    let spawn = |_| {
        let (cache, call) = (cache.clone(), call);
        tokio::spawn(async move { cache.scope(call.call()).await })
    };
    (0..many).map(spawn).collect()
}

/// A function without arguments whose future may go to another thread.
trait AsyncCall<R>: Copy + Send + 'static {
    fn call(self) -> impl Future<Output = R> + Send;
}

impl<R, Fut: Future<Output = R> + Send, F: Fn() -> Fut + Copy + Send + 'static> AsyncCall<R> for F {
    fn call(self) -> impl Future<Output = R> + Send {
        self()
    }
}

#[tokio::test]
async fn an_error_that_can_be_cloned_goes_to_all_who_wait() {
    static GATE: LazyLock<Gate> = LazyLock::new(Gate::closed);

    #[cached]
    async fn fails() -> Result<u64, String> {
        GATE.pass().await;
        Err("no".into())
    }

    let cache = cache();
    let callers = scoped(&cache, 10, fails);
    settle().await;
    GATE.let_go(1);
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap_err(), "no");
    }
    assert_eq!((GATE.begun(), in_flight(&cache).await), (1, 0));
    // It is not kept for those who come later.
    GATE.let_go(1);
    cache.scope(fails()).await.unwrap_err();
    assert_eq!(GATE.begun(), 2);
}

#[tokio::test]
async fn an_error_that_cannot_be_cloned_lets_through_twice_as_many_each_round() {
    static GATE: LazyLock<Gate> = LazyLock::new(Gate::closed);

    #[cached]
    async fn fails() -> Result<u64, std::io::Error> {
        GATE.pass().await;
        Err(std::io::Error::other("no"))
    }

    let cache = cache();
    let callers = scoped(&cache, 15, fails);
    let mut begun = 0;
    for round in [1, 2, 4, 8] {
        settle().await;
        begun += round;
        assert_eq!(GATE.begun(), begun);
        GATE.let_go(round);
    }
    for caller in callers {
        caller.await.unwrap().unwrap_err();
    }
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn failures_of_few_let_no_herd_of_later_callers_through() {
    static GATE: LazyLock<Gate> = LazyLock::new(Gate::closed);

    #[cached]
    async fn fails() -> Result<u64, std::io::Error> {
        GATE.pass().await;
        Err(std::io::Error::other("no"))
    }

    let cache = cache();
    // One fails after the other, and each has one who waits.
    let mut callers = scoped(&cache, 2, fails);
    settle().await;
    for begun in 2..20 {
        GATE.let_go(1);
        settle().await;
        assert_eq!(GATE.begun(), begun);
        callers.extend(scoped(&cache, 1, fails));
        settle().await;
        assert_eq!(GATE.begun(), begun);
    }
    callers.extend(scoped(&cache, 100, fails));
    settle().await;
    assert_eq!(GATE.begun(), 19);
    GATE.let_go(1_000);
    for caller in callers {
        caller.await.unwrap().unwrap_err();
    }
    assert_eq!(in_flight(&cache).await, 0);
}

#[tokio::test]
async fn one_success_after_failures_serves_all_who_still_wait() {
    static GATE: LazyLock<Gate> = LazyLock::new(Gate::closed);
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    async fn fails_once() -> Result<u64, std::io::Error> {
        GATE.pass().await;
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 => Err(std::io::Error::other("no")),
            _ => Ok(42),
        }
    }

    let cache = cache();
    let callers = scoped(&cache, 10, fails_once);
    settle().await;
    GATE.let_go(1);
    settle().await;
    assert_eq!(GATE.begun(), 3);
    GATE.let_go(2);
    let mut failed = 0;
    for caller in callers {
        match caller.await.unwrap() {
            Ok(value) => assert_eq!(value, 42),
            Err(_) => failed += 1,
        }
    }
    assert_eq!((failed, GATE.begun()), (1, 3));
}

#[tokio::test]
async fn an_error_of_another_type_under_the_same_key_is_nobody_elses() {
    static GATE: LazyLock<Gate> = LazyLock::new(Gate::closed);

    #[cached(key = "shared")]
    async fn text() -> Result<u64, String> {
        GATE.pass().await;
        Err("no".into())
    }

    #[cached(key = "shared")]
    async fn number() -> Result<u64, u8> {
        Ok(42)
    }

    let cache = cache();
    let first = scoped(&cache, 1, text).remove(0);
    settle().await;
    let second = scoped(&cache, 1, number).remove(0);
    settle().await;
    GATE.let_go(1);
    assert_eq!(first.await.unwrap(), Err("no".into()));
    assert_eq!(second.await.unwrap(), Ok(42));
}
