//! A few threads for work that must not hold up the caller's.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// How many threads the pool has at most.
const THREADS: usize = 4;
/// How many jobs may wait.
const QUEUE: usize = 4096;
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The pool of this process. Its threads start when they are needed and end 10 s after the last work.
pub fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| Pool::new("cachestack-pool"))
}

/// Another one, for code of users that may take its time: files do not wait for it.
pub fn side_pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| Pool::new("cachestack-side"))
}

/// The queue is full: 4,096 jobs wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolFull;

impl fmt::Display for PoolFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{QUEUE} jobs are waiting already")
    }
}

impl std::error::Error for PoolFull {}

pub struct Pool {
    name: &'static str,
    state: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            state: Arc::default(),
        }
    }

    /// Queues a job.
    pub fn spawn(&self, job: impl FnOnce() + Send + 'static) -> Result<(), PoolFull> {
        self.queue(Box::new(job))
    }

    fn queue(&self, job: Job) -> Result<(), PoolFull> {
        let mut queue = self.state.lock();
        if queue.jobs.len() >= QUEUE {
            return Err(PoolFull);
        }
        queue.jobs.push_back(job);
        if queue.idle >= queue.jobs.len() || queue.threads == THREADS {
            self.state.work.notify_one();
            return Ok(());
        }
        let shared = Arc::clone(&self.state);
        let started = thread::Builder::new()
            .name(self.name.into())
            .spawn(move || shared.work());
        match started {
            Ok(_) => queue.threads += 1,
            // Without a single thread the job would wait for ever.
            Err(_) if queue.threads == 0 => {
                queue.jobs.pop_back();
                return Err(PoolFull);
            }
            Err(_) => self.state.work.notify_one(),
        }
        Ok(())
    }

    /// Queues a job and waits for its result; `None` when the job panicked.
    pub async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<Option<R>, PoolFull> {
        let (sender, receiver) = oneshot::channel();
        self.spawn(move || {
            // Nobody listens any more when the caller's future was dropped.
            let _ = sender.send(job());
        })?;
        Ok(receiver.await.ok())
    }
}

impl Shared {
    fn work(&self) {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                // A job that panics has dropped its sender, which tells its caller.
                let _ = panic::catch_unwind(AssertUnwindSafe(job));
                queue = self.lock();
                continue;
            }
            queue.idle += 1;
            let (waited, timeout) = self
                .work
                .wait_timeout(queue, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            queue = waited;
            queue.idle -= 1;
            if timeout.timed_out() && queue.jobs.is_empty() {
                queue.threads -= 1;
                return;
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.state.lock();
        f.debug_struct("Pool")
            .field("threads", &queue.threads)
            .field("waiting", &queue.jobs.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::block_on;

    #[test]
    fn jobs_run_and_a_panic_is_none_and_harms_no_other_job() {
        let results: Vec<_> = (0..20)
            .map(|i| {
                block_on(pool().run(move || {
                    assert!(i % 5 != 0, "this one panics");
                    i
                }))
            })
            .collect();
        for (i, result) in results.into_iter().enumerate() {
            assert_eq!(result.unwrap(), (i % 5 != 0).then_some(i));
        }
    }
}
