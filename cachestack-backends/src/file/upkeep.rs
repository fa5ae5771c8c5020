//! What happens in the background: leftovers of crashes are swept when the store is opened, and ended
//! entries are freed every so often. One task at a time for each store; `close` waits for it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
    let Some(turn) = turn(store) else { return };
    spawn(store, turn, |store, stop| {
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
    if at > now {
        return;
    }
    // While something else runs the purge stays due, for the next write.
    let Some(turn) = turn(store) else { return };
    let mine = due
        .compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed)
        .is_ok();
    if mine && !spawn(store, turn, |store, stop| store.purge_own(stop).map(drop)) {
        due.store(at, Ordering::Relaxed);
    }
}

/// The right to run a task, unless one runs already or the store is closed.
fn turn(store: &Store) -> Option<OwnedSemaphorePermit> {
    if store.upkeep.closed.load(Ordering::Acquire) {
        return None;
    }
    Arc::clone(&store.upkeep.turn).try_acquire_owned().ok()
}

/// Runs a task on the library's pool, and says whether there was room for it. It ends early when the store is
/// closed, or when nobody has it any more.
fn spawn(
    store: &Arc<Store>,
    turn: OwnedSemaphorePermit,
    task: impl FnOnce(&Store, Stop<'_>) -> Result<()> + Send + 'static,
) -> bool {
    let store = Arc::clone(store);
    let queued = pool().spawn(move || {
        let stop = || store.upkeep.closed.load(Ordering::Acquire) || Arc::strong_count(&store) == 1;
        if let Err(error) = task(&store, &stop) {
            store.note(Operation::Purge, error);
        }
        drop(turn);
    });
    if let Err(full) = &queued {
        tracing::debug!(target: "cachestack", error = %full, "a file store's upkeep is put off");
    }
    queued.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::entry::Entry;
    use crate::file::FileBackend;
    use crate::key::{Key, Namespace};
    use crate::runtime::block_on;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_purge_that_is_due_while_something_else_runs_comes_with_the_next_write() {
        let (clock, folder) = (Clock::manual(), tempfile::tempdir().unwrap());
        let builder = FileBackend::builder(folder.path()).auto_purge_interval(MINUTE);
        let files = builder.clock(clock.clone()).build().unwrap();
        let set = |text: &str| {
            let key = Key::new(&Namespace::default(), text);
            let entry = Entry::new(1_u8, clock.now()).capped(clock.now(), Some(MINUTE));
            block_on(files.set(&key, entry)).unwrap();
        };
        set("ends");
        let turn = || Arc::clone(&files.store().upkeep.turn);
        let running = block_on(turn().acquire_owned());
        clock.advance(2 * MINUTE);
        set("first");
        drop(running);
        set("next");
        // The purge has the turn until it ends.
        drop(block_on(turn().acquire_owned()));
        assert_eq!(block_on(files.stats()).unwrap().expirations, 1);
    }
}
