//! What happens in the background: leftovers of crashes are swept when the store is opened, and ended
//! entries are freed every so often. One task at a time for each store; `close` waits for it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::folder::Stop;
use super::store::Store;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::runtime::{pool, sleep};

/// The sweep of a directory ends after this time, done or not; a purge sweeps too.
const SWEEP: Duration = Duration::from_secs(5);
const CLOSE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Upkeep {
    interval: Option<u64>,
    /// When the next purge is due, in nanoseconds of the store's clock.
    due: AtomicU64,
    turn: Arc<Semaphore>,
    closed: AtomicBool,
}

impl Upkeep {
    pub(super) fn new(interval: Option<Duration>, clock: &Clock) -> Self {
        let interval =
            interval.map(|interval| u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX));
        let now = clock.now().nanos();
        Self {
            interval,
            due: AtomicU64::new(now.saturating_add(interval.unwrap_or(u64::MAX))),
            turn: Arc::new(Semaphore::new(1)),
            closed: AtomicBool::new(false),
        }
    }

    /// Ends what runs, and waits for its end.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) when the disk holds it up for longer than 30 s.
    pub(super) async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        let (mut ended, mut deadline) = (pin!(self.turn.acquire()), pin!(sleep(CLOSE)));
        poll_fn(|context| match ended.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(Ok(())),
            Poll::Pending => deadline.as_mut().poll(context).map(|()| {
                let message = "a purge of the folder did not end within 30 s";
                Err(Error::new(ErrorKind::Timeout, message))
            }),
        })
        .await
    }
}

/// Sweeps the directory of a store that was just opened.
pub(super) fn opened(store: &Arc<Store>) {
    spawn(store, |store, stop| {
        let began = Instant::now();
        store.sweep(&|| stop() || began.elapsed() > SWEEP)
    });
}

/// Purges, when that is due. Called after each write.
pub(super) fn written(store: &Arc<Store>) {
    let Some(interval) = store.upkeep.interval else {
        return;
    };
    let now = store.clock.now().nanos();
    let due = &store.upkeep.due;
    let next = now.saturating_add(interval);
    // Further off than that is a time of the clock that the store had before its stack's.
    let at = due.fetch_min(next, Ordering::Relaxed).min(next);
    let mine = at <= now
        && due
            .compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
    if mine {
        spawn(store, |store, stop| store.purge_own(stop).map(drop));
    }
}

/// Runs a task on the library's pool, unless one runs already. It ends early when the store is closed, or
/// when nobody has it any more.
fn spawn(store: &Arc<Store>, task: impl FnOnce(&Store, Stop<'_>) -> Result<()> + Send + 'static) {
    if store.upkeep.closed.load(Ordering::Acquire) {
        return;
    }
    let Ok(turn) = Arc::clone(&store.upkeep.turn).try_acquire_owned() else {
        return;
    };
    let store = Arc::clone(store);
    let queued = pool().spawn(move || {
        let stop = || store.upkeep.closed.load(Ordering::Acquire) || Arc::strong_count(&store) == 1;
        if let Err(error) = task(&store, &stop) {
            store.note(Operation::Purge, error);
        }
        drop(turn);
    });
    if let Err(full) = queued {
        tracing::debug!(target: "cachestack", error = %full, "a file store's upkeep is put off");
    }
}
