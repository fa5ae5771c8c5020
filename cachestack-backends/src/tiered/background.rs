//! Work that no caller waits for: bounded, counted, and drained by `flush` and `close`.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::layer::{Crew, StackLayer};
use super::recovery::{Round, SWEEP};
use super::stack::TieredCache;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::runtime::{sleep, until, within};

/// How many copies may be under way at once in one stack.
const MOST: usize = 256;
/// How long `flush` waits.
const FLUSH: Duration = Duration::from_secs(30);
/// How long between two attempts where nobody attends to a layer in the background.
const RETRY: Duration = Duration::from_millis(100);
const MILLI: Duration = Duration::from_millis(1);

#[derive(Default)]
pub(super) struct Background(Arc<Running>);

#[derive(Default)]
struct Running {
    count: AtomicUsize,
    ended: Notify,
}

impl Background {
    /// Runs a task on the library's own threads, and says whether there was room for it.
    pub(super) fn spawn(
        &self,
        crew: &Crew,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        let (Some(ticket), Ok(pass)) = (Ticket::take(&self.0), crew.pass()) else {
            return false;
        };
        pass.spawn(async move {
            let _ticket = ticket;
            task.await;
        });
        true
    }

    async fn drain(&self) {
        until(&self.0.ended, || self.0.count.load(Ordering::Acquire) == 0).await;
    }
}

impl TieredCache {
    /// Waits until every layer has what was written to it: what waits to be written back, what is being
    /// copied in the background, and what a layer that failed missed.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) when that takes longer than 30 s; what waits goes on waiting.
    /// [`Closed`](ErrorKind::Closed) when the stack was closed before. When since
    /// the last time a layer refused a write for good, or there was no room to wait for it, an error that
    /// says so, once.
    pub async fn flush(&self) -> Result<()> {
        self.drain(FLUSH).await
    }

    pub(super) async fn drain(&self, limit: Duration) -> Result<()> {
        let all = async {
            self.0.background.drain().await;
            // What comes from here on is not waited for, or there might always be more.
            let ends: Vec<u64> = self.0.layers.iter().map(|it| it.pending.end()).collect();
            let mut arrived = true;
            for (layer, end) in self.0.layers.iter().zip(ends) {
                layer.drain(end).await;
                arrived &= !layer.pending.waits_up_to(end);
            }
            arrived
        };
        let in_time = within(limit, all).await;
        let told = self.0.layers.iter().map(|layer| layer.tell_lost());
        // All are told, of which one can be returned.
        told.collect::<Vec<_>>()
            .into_iter()
            .collect::<Result<()>>()?;
        match in_time {
            None => {
                let message = format!("what waits for the layers did not arrive within {limit:?}");
                Err(Error::new(ErrorKind::Timeout, message))
            }
            Some(false) => {
                let message =
                    "the stack was closed before its layers had taken what waits for them";
                Err(Error::new(ErrorKind::Closed, message))
            }
            Some(true) => Ok(()),
        }
    }
}

impl StackLayer {
    /// Waits until the layer has taken what was in the line up to that end.
    async fn drain(&self, end: u64) {
        let arrived = || !self.pending.waits_up_to(end) || self.crew.is_dismissed();
        if self.info.detached && !arrived() {
            self.attend();
            until(&self.pending.changed, arrived).await;
        }
        while !arrived() {
            match self.attend_here(SWEEP).await {
                Ok(Round::Progress | Round::AtRest) => {}
                Ok(Round::Wait(time)) => sleep(time.clamp(MILLI, RETRY)).await,
                Err(_) => sleep(RETRY).await,
            }
        }
    }

    /// What did not arrive and never will.
    fn tell_lost(&self) -> Result<()> {
        let (refused, lost) = (self.pending.take_refused(), self.pending.take_overflowed());
        if lost > 0 {
            let message = format!(
                "there was no room for {lost} changes: computed values were left out, and where others \
                 were, the layer had to clear the namespace; raise `max_pending`"
            );
            let error = Error::new(ErrorKind::Unavailable, message);
            let error = error.at(self.info.name.clone(), Operation::Set);
            return Err(match refused {
                Some(refused) => error.with_source(refused),
                None => error,
            });
        }
        refused.map_or(Ok(()), Err)
    }
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
