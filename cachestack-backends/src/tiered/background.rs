//! Work that no caller waits for: bounded, counted, and drained when the stack is closed.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::{block_on, pool, sleep};

/// How many copies may be under way at once in one stack.
const MOST: usize = 256;
const DRAIN: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Background(Arc<Running>);

#[derive(Default)]
struct Running {
    count: AtomicUsize,
    ended: Notify,
}

impl Background {
    /// Runs a task on the library's pool, and says whether there was room for it.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        let Some(ticket) = Ticket::take(&self.0) else {
            return false;
        };
        pool()
            .spawn(move || {
                let _ticket = ticket;
                block_on(task);
            })
            .is_ok()
    }

    pub(super) async fn drain(&self) -> Result<()> {
        let mut deadline = std::pin::pin!(sleep(DRAIN));
        loop {
            // Registered before the count is read, so that the last end is not missed.
            let mut ended = std::pin::pin!(self.0.ended.notified());
            ended.as_mut().enable();
            if self.0.count.load(Ordering::Acquire) == 0 {
                return Ok(());
            }
            if first(ended, deadline.as_mut()).await == First::Deadline {
                let message = "copies between layers did not end within 30 s";
                return Err(Error::new(ErrorKind::Timeout, message));
            }
        }
    }
}

#[derive(PartialEq)]
enum First {
    Ended,
    Deadline,
}

async fn first(
    mut ended: impl Future<Output = ()> + Unpin,
    mut deadline: impl Future<Output = ()> + Unpin,
) -> First {
    std::future::poll_fn(|context| {
        if std::pin::Pin::new(&mut ended).poll(context).is_ready() {
            return std::task::Poll::Ready(First::Ended);
        }
        std::pin::Pin::new(&mut deadline)
            .poll(context)
            .map(|()| First::Deadline)
    })
    .await
}

struct Ticket(Arc<Running>);

impl Ticket {
    fn take(running: &Arc<Running>) -> Option<Self> {
        let before = running.count.fetch_add(1, Ordering::AcqRel);
        let ticket = Self(Arc::clone(running));
        (before < MOST).then_some(ticket)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}
