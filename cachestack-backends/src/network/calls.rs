//! How an operation runs: on the library's own I/O thread, bounded in time and number, and to its end even
//! when its caller goes away.
//!
//! Nothing of a client is ever dropped in the middle of a reply because a caller lost interest; only a
//! deadline cuts an operation off, and then its connection with it. Writes of one key through one backend
//! run one after the other, those of one caller in the order in which they were begun, and reads wait for
//! them: so whoever drops a write and deletes the key can be sure.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::error::{Error, ErrorKind, Result};
use crate::fence::{Fence, FenceToken};
use crate::key::KeyDigest;
use crate::runtime::{Pass, io, within};

/// How long an operation on a whole namespace may take.
const LONG: Duration = Duration::from_secs(30);

/// What bounds the operations of one backend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How long one operation on keys may take, waiting for its turn included.
    pub(crate) timeout: Duration,
    /// How many operations may be under way at once; more wait, within their own time.
    pub(crate) in_flight: usize,
}

/// The way of all operations of one backend.
pub(crate) struct Calls {
    timeout: Duration,
    slots: Arc<Semaphore>,
    order: Fence,
    state: Mutex<State>,
}

enum State {
    /// Nothing was asked yet, and no thread runs for this backend.
    Idle,
    Open(Pass),
    Closed,
}

impl Calls {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            timeout: limits.timeout,
            slots: Arc::new(Semaphore::new(limits.in_flight)),
            order: Fence::new(),
            state: Mutex::new(State::Idle),
        }
    }

    /// The I/O thread, started when this is the first to need it.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) after [`close`](Self::close); [`Unsupported`](ErrorKind::Unsupported)
    /// on the I/O thread itself, which would wait for itself.
    pub(crate) fn pass(&self) -> Result<Pass> {
        if io().is_here() {
            let message = "called on the library's own I/O thread, which would wait for itself; call from \
                           a thread of your own";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(pass) => Ok(pass.clone()),
            State::Closed => Err(Error::new(ErrorKind::Closed, "this backend was closed")),
            State::Idle => {
                let pass = io().enter()?;
                *state = State::Open(pass.clone());
                Ok(pass)
            }
        }
    }

    /// Ends the operations to come. What the caller gets is its own to close connections with; the I/O
    /// thread ends when it is dropped and no other backend is open.
    pub(crate) fn close(&self) -> Option<Pass> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Closed) {
            State::Open(pass) => Some(pass),
            State::Idle | State::Closed => None,
        }
    }

    /// Whether [`close`](Self::close) was called.
    #[cfg(feature = "redis")]
    pub(crate) fn is_closed(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*state, State::Closed)
    }

    /// Ends when all writes that were begun have; new ones wait for that.
    pub(crate) fn written(&self) -> impl Future<Output = ()> + Send + 'static {
        let order = self.order.clone();
        async move { drop(order.write_all().await) }
    }

    /// Reads something under those keys.
    ///
    /// # Errors
    /// Those of `task`; [`Timeout`](ErrorKind::Timeout), and what [`pass`](Self::pass) says.
    pub(crate) fn read<R: Send + 'static>(
        &self,
        keys: impl IntoIterator<Item = KeyDigest>,
        task: impl Future<Output = Result<R>> + Send + 'static,
    ) -> impl Future<Output = Result<R>> {
        // Clients' futures take kilobytes, and each of those around it would move it once more.
        let task = Box::pin(task);
        async move {
            // Only writes that are under way are waited for, and they are rare.
            let written = keys.into_iter().filter(|key| self.order.is_watched(*key));
            let written: Vec<KeyDigest> = written.collect();
            let order = self.order.clone();
            let last = self.last_beginning();
            self.run(self.timeout, async move {
                if !written.is_empty() {
                    drop(order.write(written).await);
                    in_time(last)?;
                }
                task.await
            })
            .await
        }
    }

    /// Writes something under those keys.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn write<R: Send + 'static>(
        &self,
        keys: impl IntoIterator<Item = KeyDigest>,
        task: impl Future<Output = Result<R>> + Send + 'static,
    ) -> impl Future<Output = Result<R>> {
        let task = Box::pin(task);
        async move {
            let keys: Vec<KeyDigest> = keys.into_iter().collect();
            // From here on reads see that these keys are being written.
            let watched: Vec<FenceToken> = keys.iter().map(|key| self.order.token(*key)).collect();
            let order = self.order.clone();
            let last = self.last_beginning();
            self.run(self.timeout, async move {
                let _turn = order.write(keys).await;
                let _watched = watched;
                in_time(last)?;
                task.await
            })
            .await
        }
    }

    /// Does something to a whole namespace, after the writes that were begun before. It may take 30 s.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn sweep<R: Send + 'static>(
        &self,
        task: impl Future<Output = Result<R>> + Send + 'static,
    ) -> impl Future<Output = Result<R>> {
        let task = Box::pin(task);
        async move {
            let written = self.written();
            self.run(LONG, async move {
                written.await;
                task.await
            })
            .await
        }
    }

    /// Until when an operation that is called now may begin, after waiting for others.
    fn last_beginning(&self) -> Instant {
        Instant::now() + (self.timeout - self.timeout / 4).min(LONG)
    }

    async fn run<R: Send + 'static>(
        &self,
        limit: Duration,
        task: impl Future<Output = Result<R>> + Send + 'static,
    ) -> Result<R> {
        let pass = self.pass()?;
        let began = Instant::now();
        let slot = match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => {
                let slot = within(limit, Arc::clone(&self.slots).acquire_owned()).await;
                let slot = slot.and_then(Result::ok);
                slot.ok_or_else(|| timed_out(limit, "too many operations are under way"))?
            }
        };
        // Waiting for a slot was a part of it.
        let left = limit.saturating_sub(began.elapsed());
        let ended = pass.run(async move {
            let _slot = slot;
            let answered = tokio::time::timeout(left, task).await;
            answered.unwrap_or_else(|_| Err(timed_out(limit, "no answer")))
        });
        let lost = || {
            Error::new(
                ErrorKind::Unavailable,
                "the operation ended without an answer",
            )
        };
        ended.await.unwrap_or_else(|| Err(lost()))
    }
}

/// What would be cut off soon after it began is not begun: its connection would go with it, and others share
/// that.
fn in_time(last: Instant) -> Result<()> {
    match Instant::now() <= last {
        true => Ok(()),
        false => {
            let message = "other writes of the key took nearly all of the time";
            Err(Error::new(ErrorKind::Timeout, message))
        }
    }
}

/// An operation took too long.
pub(crate) fn timed_out(limit: Duration, what: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("{what} within {limit:?}"))
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("timeout", &self.timeout)
            .field("free_slots", &self.slots.available_permits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;
    use crate::runtime::{block_on, poll_once};

    const KEY: KeyDigest = KeyDigest(7);

    fn calls(in_flight: usize) -> Calls {
        Calls::new(Limits {
            timeout: Duration::from_millis(200),
            in_flight,
        })
    }

    #[test]
    fn a_dropped_write_ends_before_the_next_read_or_write_of_its_key_begins() {
        let calls = calls(10);
        let steps = Arc::new(AtomicUsize::new(0));
        let step = |expected: usize| {
            let steps = Arc::clone(&steps);
            async move {
                assert_eq!(steps.fetch_add(1, Ordering::SeqCst), expected);
                Ok(())
            }
        };
        let (sender, receiver) = oneshot::channel::<()>();
        let slow = step(0);
        let mut dropped = Box::pin(calls.write([KEY], async move {
            let _ = receiver.await;
            slow.await
        }));
        assert!(poll_once(dropped.as_mut()).is_none());
        drop(dropped);
        let mut read = Box::pin(calls.read([KEY], step(1)));
        assert!(poll_once(read.as_mut()).is_none());
        // Another key's write waits for nothing.
        block_on(calls.write([KeyDigest(8)], async { Ok(()) })).unwrap();
        drop(sender);
        block_on(read).unwrap();
        block_on(calls.write([KEY], step(2))).unwrap();
        assert_eq!(calls.order.watched(), 0);
    }

    #[test]
    fn what_takes_too_long_is_a_timeout_and_frees_its_slot() {
        let calls = calls(1);
        let forever = || calls.read([KEY], std::future::pending::<Result<()>>());
        let mut first = Box::pin(forever());
        assert!(poll_once(first.as_mut()).is_none());
        assert_eq!(block_on(forever()).unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(block_on(first).unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(block_on(calls.read([KEY], async { Ok(1) })).unwrap(), 1);
    }

    #[test]
    fn a_call_from_the_io_thread_and_one_after_the_close_are_errors() {
        let calls = Arc::new(calls(1));
        let inner = Arc::clone(&calls);
        let pass = calls.pass().unwrap();
        let nested = pass.run(async move { block_on(inner.read([KEY], async { Ok(()) })) });
        let nested = block_on(nested).unwrap().unwrap_err();
        assert_eq!(nested.kind(), ErrorKind::Unsupported);
        assert!(calls.close().is_some());
        assert!(calls.close().is_none());
        let closed = block_on(calls.read([KEY], async { Ok(()) })).unwrap_err();
        assert_eq!(closed.kind(), ErrorKind::Closed);
    }
}
