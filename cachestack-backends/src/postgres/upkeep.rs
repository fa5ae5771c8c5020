//! What happens in the background: ended entries are freed every so often, from the first operation until the close.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::error;
use super::store::{LONG, Store};
use crate::error::Operation;

#[derive(Default)]
pub(super) struct Upkeep(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    NotStarted,
    /// Dropped, it ends the task.
    Started {
        _stop: oneshot::Sender<()>,
    },
    Ended,
}

impl Upkeep {
    fn start(&self) -> Option<oneshot::Receiver<()>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::NotStarted => {
                let (stop, stopped) = oneshot::channel();
                *state = State::Started { _stop: stop };
                Some(stopped)
            }
            State::Started { .. } | State::Ended => None,
        }
    }

    /// Ends the task. What it has asked the server for meanwhile is not waited for.
    pub(super) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::Ended;
    }
}

impl Store {
    /// Starts what is to happen in the background, once. On the I/O thread.
    pub(super) fn start_upkeep(self: &Arc<Self>) {
        let Some(interval) = self.config.auto_purge_interval else {
            return;
        };
        let Some(mut stopped) = self.upkeep.start() else {
            return;
        };
        let store = Arc::downgrade(self);
        tokio::spawn(async move {
            // Until the sender is gone.
            while timeout(interval, &mut stopped).await.is_err() {
                let Some(store) = store.upgrade() else {
                    return;
                };
                unless_stopped(&mut stopped, store.purge_in_background()).await;
            }
        });
    }

    async fn purge_in_background(self: &Arc<Self>) {
        let purged = timeout(LONG, self.purge_own()).await;
        let purged = purged.unwrap_or_else(|_| Err(error::no_connection(LONG, self.pool.max())));
        // Counted and traced there; nobody waits for it.
        let _ = self.entries.outcome(Operation::Purge, None, purged, || 0);
    }
}

/// Ends early when the task is to end.
async fn unless_stopped(stopped: &mut oneshot::Receiver<()>, task: impl Future<Output = ()>) {
    let mut task = std::pin::pin!(task);
    std::future::poll_fn(|context| {
        if std::pin::Pin::new(&mut *stopped).poll(context).is_ready() {
            return std::task::Poll::Ready(());
        }
        task.as_mut().poll(context)
    })
    .await;
}
