//! Threads of the library's own with a runtime on each, alive as long as somebody holds them.
//!
//! [`io`] carries the connections of all network stores, so that they work from any runtime, from none, and
//! after the one they were opened in has gone. [`work`] carries what no caller waits for, or what must
//! go on when its caller goes away; code of users, such as a value's `Serialize`, may run there, and never
//! on [`io`].

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, ErrorKind, Result};

/// A few threads for one purpose. They start when somebody first [enters](Self::enter) and end when the
/// last who did has gone.
pub struct Lane {
    name: &'static str,
    threads: usize,
    running: Mutex<Weak<Running>>,
}

thread_local! {
    static ON: Cell<&'static str> = const { Cell::new("") };
}

/// The thread that all network stores of this process have their connections on.
#[cfg(feature = "network")]
pub fn io() -> &'static Lane {
    static IO: Lane = Lane::new("cachestack-io", 1);
    &IO
}

/// The threads that run the library's background work.
pub fn work() -> &'static Lane {
    static WORK: Lane = Lane::new("cachestack-work", 2);
    &WORK
}

impl Lane {
    const fn new(name: &'static str, threads: usize) -> Self {
        Self {
            name,
            threads,
            running: Mutex::new(Weak::new()),
        }
    }

    /// The right to run things here, which keeps the threads alive.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) when no thread can be started.
    pub fn enter(&'static self) -> Result<Pass> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.upgrade() {
            return Ok(Pass(running));
        }
        let started = Arc::new(Running::start(self)?);
        *running = Arc::downgrade(&started);
        Ok(Pass(started))
    }

    /// Whether this is one of the lane's own threads.
    pub fn is_here(&self) -> bool {
        // While a thread ends it is nobody's any more.
        ON.try_with(Cell::get).is_ok_and(|on| on == self.name)
    }

    /// Whether the threads are running.
    pub fn is_running(&self) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.strong_count() > 0
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({})", self.name)
    }
}

struct Running {
    lane: &'static Lane,
    threads: Vec<Thread>,
    next: AtomicUsize,
}

/// Something to run.
type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Thread {
    handle: Handle,
    /// Dropped, it ends the thread. Jobs go through it and not to the runtime itself, which would be woken by a call to
    /// the system for each, be it awake or not.
    jobs: mpsc::UnboundedSender<Job>,
}

impl Running {
    fn start(lane: &'static Lane) -> Result<Self> {
        let threads = (0..lane.threads).map(|_| Thread::start(lane));
        Ok(Self {
            lane,
            threads: threads.collect::<Result<_>>()?,
            next: AtomicUsize::new(0),
        })
    }
}

impl Thread {
    fn start(lane: &'static Lane) -> Result<Self> {
        let failed = |error: std::io::Error| {
            let message = format!("the thread `{}` cannot be started", lane.name);
            Error::new(ErrorKind::Unavailable, message).with_source(error)
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let handle = runtime.handle().clone();
        let (jobs, mut waiting) = mpsc::unbounded_channel::<Job>();
        thread::Builder::new()
            .name(lane.name.into())
            .spawn(move || {
                ON.set(lane.name);
                runtime.block_on(async move {
                    while let Some(job) = waiting.recv().await {
                        drop(tokio::spawn(job));
                    }
                });
                // The runtime and its tasks go here, on their own thread.
            })
            .map_err(failed)?;
        Ok(Self { handle, jobs })
    }
}

/// Keeps a [`Lane`] running; the last that is dropped ends it, from wherever that is.
#[derive(Clone)]
pub struct Pass(Arc<Running>);

impl Pass {
    fn thread(&self) -> &Thread {
        let threads = &self.0.threads;
        let turn = match threads.len() {
            1 => 0,
            threads => self.0.next.fetch_add(1, Ordering::Relaxed) % threads,
        };
        &threads[turn]
    }

    /// Starts something that nobody waits for. It ends early when the lane does.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // The thread goes on as long as this pass does.
        let _ = self.thread().jobs.send(Box::pin(task));
    }

    /// Runs something to its end, whether or not the future that is returned lives so long; `None` when it
    /// panicked, or the lane ended before it did.
    pub fn run<R: Send + 'static>(
        &self,
        task: impl Future<Output = R> + Send + 'static,
    ) -> impl Future<Output = Option<R>> + Send + 'static {
        let (sender, receiver) = oneshot::channel();
        self.spawn(async move {
            // Nobody listens any more when the caller's future was dropped.
            let _ = sender.send(task.await);
        });
        async move { receiver.await.ok() }
    }

    /// Calls a function as if on the lane's runtime, for what must be made inside of one.
    pub fn inside<R>(&self, make: impl FnOnce() -> R) -> R {
        let _inside = self.thread().handle.enter();
        make()
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pass({})", self.0.lane.name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::runtime::{block_on, sleep};

    static LANE: Lane = Lane::new("cachestack-test", 2);
    static OTHER: Lane = Lane::new("cachestack-other", 1);

    #[test]
    fn tasks_run_on_the_lane_and_a_panic_is_none() {
        let pass = LANE.enter().unwrap();
        assert!(!LANE.is_here());
        assert_eq!(block_on(pass.run(async { LANE.is_here() })), Some(true));
        let panicked: Option<()> = block_on(pass.run(async { panic!("on purpose") }));
        assert_eq!(panicked, None);
        assert_eq!(block_on(pass.run(async { 1 })), Some(1));
    }

    #[test]
    fn a_task_goes_on_when_its_caller_goes_away() {
        let pass = LANE.enter().unwrap();
        let (sender, receiver) = oneshot::channel();
        drop(pass.run(async move {
            sleep(Duration::from_millis(10)).await;
            sender.send(7)
        }));
        assert_eq!(block_on(receiver), Ok(7));
    }

    #[test]
    fn the_last_who_leaves_ends_the_lane_from_any_context_and_the_next_starts_it_anew() {
        let first = OTHER.enter().unwrap();
        let second = first.clone();
        drop(first);
        assert!(OTHER.is_running());
        // Dropped on the very thread it ends.
        let outside = OTHER.enter().unwrap();
        let (sender, receiver) = oneshot::channel::<()>();
        outside.spawn(async move {
            let _held = second;
            let _ = receiver.await;
        });
        drop(outside);
        assert!(OTHER.is_running());
        drop(sender);
        let began = Instant::now();
        while OTHER.is_running() {
            assert!(began.elapsed() < Duration::from_secs(10), "it never ends");
            thread::yield_now();
        }
        let again = OTHER.enter().unwrap();
        assert_eq!(block_on(again.run(async { 2 })), Some(2));
        // And inside of another runtime.
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async move { drop(again) });
        assert!(!OTHER.is_running());
    }
}
