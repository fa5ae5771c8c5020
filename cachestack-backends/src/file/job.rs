//! Where a job runs, and how one that was given up never takes effect.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error;
use crate::error::Result;
use crate::runtime::{is_blocking, pool};

/// An operation's permission to take effect, which its caller's future takes back when it is dropped.
#[derive(Debug, Clone, Default)]
pub(super) struct Ticket(Arc<Mutex<bool>>);

impl Ticket {
    /// Runs the step by which the operation takes effect. Whoever gives it up meanwhile waits for its
    /// end; one that was given up before is not run.
    pub(super) fn commit<T>(&self, step: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let given_up = self.lock();
        match *given_up {
            // Nobody is left to see this.
            true => Err(io::ErrorKind::Interrupted.into()),
            false => step(),
        }
    }

    pub(super) fn is_void(&self) -> bool {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by the future of the operation.
struct Holder(Ticket);

impl Drop for Holder {
    fn drop(&mut self) {
        *self.0.lock() = true;
    }
}

/// Runs a job here when nobody but this thread's caller waits for it, else on the pool.
pub(super) async fn run<R: Send + 'static>(
    job: impl FnOnce(&Ticket) -> Result<R> + Send + 'static,
) -> Result<R> {
    let ticket = Ticket::default();
    if is_blocking() {
        return catch_unwind(AssertUnwindSafe(|| job(&ticket)))
            .unwrap_or_else(|_| Err(error::panicked()));
    }
    let _holder = Holder(ticket.clone());
    let ran = pool().run(move || match ticket.is_void() {
        true => None,
        false => Some(job(&ticket)),
    });
    match ran.await {
        Ok(done) => done.flatten().unwrap_or_else(|| Err(error::panicked())),
        Err(full) => Err(error::busy(full)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::error::ErrorKind;
    use crate::runtime::{block_on, poll_once};

    #[test]
    fn a_job_that_was_given_up_before_its_commit_does_not_take_effect() {
        let (reached, at_commit) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let (report, outcome) = mpsc::channel();
        let mut future = Box::pin(run(move |ticket| {
            reached.send(()).unwrap();
            may_go_on.recv().unwrap();
            let committed = ticket.commit(|| Ok(())).is_ok();
            report.send(committed).unwrap();
            Ok(())
        }));
        let polled = poll_once(future.as_mut());
        assert!(polled.is_none(), "the job runs elsewhere");
        at_commit.recv().unwrap();
        drop(future);
        go_on.send(()).unwrap();
        assert!(!outcome.recv().unwrap());
    }

    #[test]
    fn who_gives_up_during_the_commit_waits_for_its_end() {
        let ticket = Ticket::default();
        let holder = Holder(ticket.clone());
        let (began, begun) = mpsc::channel();
        let (report, outcome) = mpsc::channel();
        let job = std::thread::spawn(move || {
            ticket.commit(|| {
                began.send(()).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(20));
                report.send("committed").unwrap();
                Ok(())
            })
        });
        begun.recv().unwrap();
        drop(holder);
        assert_eq!(outcome.try_recv(), Ok("committed"));
        job.join().unwrap().unwrap();
    }

    #[test]
    fn a_job_that_panics_is_an_error_in_place_and_on_the_pool() {
        fn panics(_: &Ticket) -> Result<()> {
            panic!("on purpose")
        }
        let in_place = block_on(run(panics)).unwrap_err();
        assert_eq!(in_place.kind(), ErrorKind::Serialization);
        let error = futures_executor::block_on(run(panics)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Serialization);
    }
}
