//! Cached functions that call cached functions, from wherever.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::cached;

use super::cache;

#[test]
fn a_sync_function_may_call_itself_with_other_arguments() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached]
    fn fibonacci(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        match n {
            0 | 1 => n,
            n => fibonacci(n - 1) + fibonacci(n - 2),
        }
    }

    assert_eq!(cache().sync_scope(|| fibonacci(80)), 23_416_728_348_467_685);
    assert_eq!(RUNS.load(Ordering::SeqCst), 81);
}

#[tokio::test]
async fn an_async_function_may_call_itself_with_other_arguments() {
    #[cached]
    async fn fibonacci(n: u64) -> u64 {
        match n {
            0 | 1 => n,
            n => Box::pin(fibonacci(n - 1)).await + Box::pin(fibonacci(n - 2)).await,
        }
    }

    assert_eq!(cache().scope(fibonacci(50)).await, 12_586_269_025);
}

#[test]
fn a_call_can_be_sent_to_another_thread_when_its_body_can() {
    fn check(_: &(impl Send + ?Sized)) {}

    #[cached(ttl = Duration::from_secs(u64::from(id.0)), condition = |it: &u32| *it > 0)]
    async fn sent(id: (u32, Option<&str>)) -> Result<u32, String> {
        tokio::task::yield_now().await;
        Ok(id.0)
    }

    let cache = cache();
    let call = sent((7, None));
    check(&call);
    let scoped = cache.scope(call);
    check(&scoped);
    check(&cache.get_or_compute("k", None, || async { 1 }));
    check(&cache.set("k", 1, None));
    check(&sent::entry((7, None)).get());
    assert_eq!(futures_executor::block_on(scoped), Ok(7));
}

#[tokio::test]
async fn a_body_that_must_stay_on_its_thread_may_be_cached() {
    #[cached]
    async fn stays(id: u64) -> u64 {
        let here = Rc::new(id);
        tokio::task::yield_now().await;
        *here
    }

    assert_eq!(cache().scope(stays(7)).await, 7);
}
