//! Computations that run apart from their callers: bounded, one a key, and the cache's own.

use std::collections::HashSet;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use cachestack_backends::runtime::{side_pool, until, work};
use cachestack_backends::{Clock, Error, ErrorKind, KeyDigest, Result};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::Cache;
use super::within::within;

/// How many run at once unless the cache says otherwise.
pub(super) const MOST: usize = 64;
/// How long closing waits for what runs.
const CLOSE: Duration = Duration::from_secs(10);
/// How long flushing does.
const FLUSH: Duration = Duration::from_secs(30);

/// A computation that needs nothing of its caller.
pub struct Work<R>(Kind<R>);

enum Kind<R> {
    Task(Pin<Box<dyn Future<Output = R> + Send>>),
    Job(Box<dyn FnOnce() -> R + Send>),
}

impl<R> Work<R> {
    /// Of an async function: it goes to the caller's tokio runtime, else to one of the library's.
    pub fn task(future: impl Future<Output = R> + Send + 'static) -> Self {
        Self(Kind::Task(Box::pin(future)))
    }

    /// Of a sync function: it goes to a pool.
    pub fn job(job: impl FnOnce() -> R + Send + 'static) -> Self {
        Self(Kind::Job(Box::new(job)))
    }
}

impl<R> fmt::Debug for Work<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Task(_) => "Work::task",
            Kind::Job(_) => "Work::job",
        })
    }
}

/// What a cache has under way.
pub(super) struct Background {
    most: usize,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    keys: Mutex<HashSet<KeyDigest>>,
    closing: AtomicBool,
    changed: Notify,
}

impl Shared {
    fn keys(&self) -> MutexGuard<'_, HashSet<KeyDigest>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a cache that closes waits for the key no longer.
    fn gave_up(&self, key: KeyDigest) -> bool {
        self.closing.load(Ordering::Acquire) && !self.keys().contains(&key)
    }
}

/// Why nothing is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The key is being computed already.
    Running,
    /// There is no room, or the cache was closed.
    Full,
}

/// The right to compute one key apart.
pub struct Ticket {
    cache: Cache,
    key: KeyDigest,
    came_to_its_end: bool,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.came_to_its_end {
            // It panicked, or its runtime ended.
            self.cache.hold_off(self.key);
        }
        let shared = &self.cache.0.background.shared;
        shared.keys().remove(&self.key);
        shared.changed.notify_waiters();
    }
}

impl Cache {
    /// The right to compute a key apart from who asks for it.
    pub(crate) fn ticket(&self, key: KeyDigest) -> std::result::Result<Ticket, Refusal> {
        self.0.background.admit(key)?;
        Ok(Ticket {
            cache: self.clone(),
            key,
            came_to_its_end: false,
        })
    }
}

impl Background {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            shared: Arc::default(),
        }
    }

    fn admit(&self, key: KeyDigest) -> std::result::Result<(), Refusal> {
        let mut keys = self.shared.keys();
        if keys.contains(&key) {
            return Err(Refusal::Running);
        }
        // Looked at under the lock: who closes looks at the keys after it has said so.
        if keys.len() >= self.most || self.shared.closing.load(Ordering::Acquire) {
            return Err(Refusal::Full);
        }
        keys.insert(key);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.shared.keys().len()
    }

    pub(super) async fn drain(&self) -> Result<()> {
        self.ended_within(FLUSH, "did not end within 30 s").await
    }

    /// Starts nothing any more, waits for what runs, and then has it dropped.
    pub(super) async fn close(&self) -> Result<()> {
        self.shared.closing.store(true, Ordering::Release);
        let why = "did not end within 10 s and were given up";
        let ended = self.ended_within(CLOSE, why).await;
        if ended.is_err() {
            self.shared.keys().clear();
            self.shared.changed.notify_waiters();
        }
        ended
    }

    async fn ended_within(&self, limit: Duration, why: &str) -> Result<()> {
        let shared = &self.shared;
        let ended = pin!(until(&shared.changed, || shared.keys().is_empty()));
        // A clock that is moved by hand moves nothing that runs.
        match within(&Clock::system(), limit, ended).await {
            Some(()) => Ok(()),
            None => {
                let message = format!("{} computations in the background {why}", self.len());
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }
}

impl Ticket {
    /// Runs it, with what is to be done with its result.
    pub(crate) fn start<R: 'static>(self, what: Work<R>, done: impl FnOnce(R) + Send + 'static) {
        match what.0 {
            Kind::Task(future) => {
                let task = self.unless_given_up(async move { done(future.await) });
                match Handle::try_current() {
                    Ok(handle) if !work().is_here() => drop(handle.spawn(task)),
                    // Without a thread the value is left as old as it is.
                    _ => {
                        if let Ok(pass) = work().enter() {
                            pass.clone().spawn(async move {
                                let _pass = pass;
                                task.await;
                            });
                        }
                    }
                }
            }
            Kind::Job(job) => {
                let _no_thread = side_pool().spawn(move || {
                    let mut ticket = self;
                    if ticket.is_given_up() {
                        ticket.came_to_its_end = true;
                        return;
                    }
                    let result = job();
                    ticket.came_to_its_end = true;
                    done(result);
                });
            }
        }
    }

    fn is_given_up(&self) -> bool {
        self.cache.0.background.shared.gave_up(self.key)
    }

    /// Goes on until a cache that closes gives it up.
    async fn unless_given_up(mut self, task: impl Future<Output = ()>) {
        let key = self.key;
        let shared = Arc::clone(&self.cache.0.background.shared);
        let given_up = until(&shared.changed, || shared.gave_up(key));
        let (mut task, mut given_up) = (pin!(task), pin!(given_up));
        self.came_to_its_end = poll_fn(|context| match task.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => given_up.as_mut().poll(context).map(|()| false),
        })
        .await;
    }
}
