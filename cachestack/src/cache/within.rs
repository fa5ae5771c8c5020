//! Waiting by a cache's clock.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use cachestack_backends::Clock;
use cachestack_backends::runtime::alarm;

/// Waits for a future, by that clock for so long at most.
pub(crate) async fn within<F: Future>(
    clock: &Clock,
    time: Duration,
    future: Pin<&mut F>,
) -> Option<F::Output> {
    match clock.now().checked_add(time) {
        None => Some(future.await),
        Some(ends) => before(future, alarm(clock, ends), || Some(())).await.ok(),
    }
}

/// Waits for a future until the alarm comes, and on where there is nothing instead of it even then.
pub(super) async fn before<F: Future, T>(
    future: F,
    end: impl Future<Output = ()>,
    instead: impl Fn() -> Option<T>,
) -> Result<F::Output, T> {
    let (mut future, mut end) = (pin!(future), pin!(end));
    let mut ended = false;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        if !ended && end.as_mut().poll(context).is_ready() {
            ended = true;
            if let Some(instead) = instead() {
                return Poll::Ready(Err(instead));
            }
        }
        Poll::Pending
    })
    .await
}
