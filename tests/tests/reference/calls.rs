//! Calls that are under way, driven by hand.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cachestack::Cache;
use cachestack_tests::eventually;

use super::plain::Becomes;

/// What the computation of a call knows and is told.
#[derive(Default)]
struct Computation {
    begun: bool,
    result: Option<Result<u32, ()>>,
}

/// One call of `get_or_try_compute`.
pub(crate) struct Call {
    future: Pin<Box<dyn Future<Output = Result<u32, ()>>>>,
    computation: Arc<Mutex<Computation>>,
}

impl Call {
    pub(crate) fn begin(cache: &Cache, key: String, ttl: Option<Duration>) -> Self {
        let computation = Arc::new(Mutex::new(Computation::default()));
        let (cache, inner) = (cache.clone(), Arc::clone(&computation));
        let compute = || async move {
            std::future::poll_fn(|_| {
                let mut computation = inner.lock().unwrap();
                computation.begun = true;
                computation.result.take().map_or(Poll::Pending, Poll::Ready)
            })
            .await
        };
        Self {
            future: Box::pin(async move { cache.get_or_try_compute(key, ttl, compute).await }),
            computation,
        }
    }

    pub(crate) fn finish(&self, result: Result<u32, ()>) {
        self.computation.lock().unwrap().result = Some(result);
    }

    fn poll(&mut self) -> Poll<Result<u32, ()>> {
        let mut context = Context::from_waker(Waker::noop());
        self.future.as_mut().poll(&mut context)
    }

    /// Drives it until it is as it is to become.
    ///
    /// # Panics
    /// When it becomes something else.
    pub(crate) fn becomes(&mut self, what: Becomes) {
        match what {
            Becomes::Done(result) => {
                let mut done = None;
                eventually(|| {
                    if let Poll::Ready(result) = self.poll() {
                        done = Some(result);
                    }
                    done.is_some()
                });
                assert_eq!(done, Some(result));
            }
            Becomes::Computes => eventually(|| {
                assert!(self.poll().is_pending(), "it is done instead");
                self.computation.lock().unwrap().begun
            }),
            Becomes::Waits => {
                assert!(self.poll().is_pending(), "it is done instead");
                self.check_waits();
            }
        }
    }

    pub(crate) fn check_waits(&self) {
        let begun = self.computation.lock().unwrap().begun;
        assert!(!begun, "it computes beside another");
    }
}
