//! The library's own timer: deadlines hold whatever the caller's runtime does with its clock.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// How long the timer's thread stays when nobody sleeps.
const IDLE: Duration = Duration::from_secs(10);

/// A future that is ready after that time. Nothing runs until it is first polled.
pub fn sleep(time: Duration) -> Sleep {
    Sleep {
        // Beyond the clock's end is for ever; a century is as good.
        until: Instant::now()
            .checked_add(time)
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(3_153_600_000)),
        ticket: None,
    }
}

/// See [`sleep`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sleep {
    until: Instant,
    ticket: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.until {
            return Poll::Ready(());
        }
        let ticket = self.ticket;
        self.ticket = timer().register(self.until, ticket, context.waker());
        match self.ticket {
            Some(_) => Poll::Pending,
            // No thread could be started: time out at once rather than never.
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            // The waker goes when the lock is free: it may run anything.
            let waker = timer().lock().sleepers.remove(&(self.until, ticket));
            drop(waker);
        }
    }
}

/// Waits for a future for so long at most; `None` when it took longer.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut deadline = sleep(time);
    std::future::poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        Pin::new(&mut deadline).poll(context).map(|()| None)
    })
    .await
}

/// Runs a short job on the timer's thread after that time; without a thread to be had, at once.
#[cfg(feature = "memory")]
pub(crate) fn after(time: Duration, job: impl FnOnce() + Send + 'static) {
    struct Job<F>(Mutex<Option<F>>);

    impl<F: FnOnce() + Send + 'static> std::task::Wake for Job<F> {
        fn wake(self: Arc<Self>) {
            let job = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(job) = job {
                job();
            }
        }
    }

    let waker = Waker::from(Arc::new(Job(Mutex::new(Some(job)))));
    let registered = Instant::now()
        .checked_add(time)
        .map(|until| timer().register(until, None, &waker));
    if registered == Some(None) {
        waker.wake();
    }
}

#[derive(Default)]
struct Timer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    sleepers: BTreeMap<(Instant, u64), Waker>,
    last_ticket: u64,
    running: bool,
}

fn timer() -> &'static Arc<Timer> {
    static TIMER: OnceLock<Arc<Timer>> = OnceLock::new();
    TIMER.get_or_init(Arc::default)
}

impl Timer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(
        self: &Arc<Self>,
        until: Instant,
        ticket: Option<u64>,
        waker: &Waker,
    ) -> Option<u64> {
        let mut state = self.lock();
        if !state.running {
            let timer = Arc::clone(self);
            thread::Builder::new()
                .name("cachestack-timer".into())
                .spawn(move || timer.run())
                .ok()?;
            state.running = true;
        }
        let ticket = ticket.unwrap_or_else(|| {
            state.last_ticket += 1;
            state.last_ticket
        });
        let before = state.sleepers.insert((until, ticket), waker.clone());
        let is_next = state.sleepers.first_key_value().map(|(key, _)| key.1) == Some(ticket);
        drop(state);
        drop(before);
        if is_next {
            self.changed.notify_one();
        }
        Some(ticket)
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let mut due = Vec::new();
            while let Some(first) = state.sleepers.first_entry() {
                if first.key().0 > now {
                    break;
                }
                due.push(first.remove());
            }
            if !due.is_empty() {
                drop(state);
                for waker in due {
                    // A waker is anybody's code. The others' deadlines hold, whatever it does.
                    let _ = panic::catch_unwind(AssertUnwindSafe(|| waker.wake()));
                }
                state = self.lock();
                continue;
            }
            let next = state.sleepers.first_key_value().map(|(key, _)| key.0);
            let wait = next.map_or(IDLE, |next| next.saturating_duration_since(now));
            let (waited, timeout) = self
                .changed
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if next.is_none() && timeout.timed_out() && state.sleepers.is_empty() {
                state.running = false;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::block_on;

    #[test]
    fn sleepers_wake_in_time_and_leave_nothing_behind() {
        let began = Instant::now();
        drop(sleep(Duration::from_secs(3600)));
        block_on(async {
            let long = sleep(Duration::from_millis(30));
            sleep(Duration::from_millis(10)).await;
            long.await;
        });
        assert!(began.elapsed() >= Duration::from_millis(30));
    }

    #[test]
    fn a_waker_that_panics_harms_no_other_sleeper() {
        struct Panics;
        impl std::task::Wake for Panics {
            fn wake(self: Arc<Self>) {
                panic!("a waker panics, as this test wants");
            }
        }
        let mut first = sleep(Duration::from_millis(10));
        let waker = Waker::from(Arc::new(Panics));
        let polled = Pin::new(&mut first).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        block_on(sleep(Duration::from_millis(30)));
        block_on(sleep(Duration::from_millis(10)));
    }

    #[test]
    fn within_ends_with_the_future_or_the_time() {
        let soon = Duration::from_millis(10);
        let never = std::future::pending::<()>();
        assert_eq!(block_on(within(soon, never)), None);
        let ready = std::future::ready(1);
        assert_eq!(block_on(within(Duration::from_secs(3600), ready)), Some(1));
    }
}
