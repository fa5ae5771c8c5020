//! Who drives what holds write guards.
//!
//! A future that its caller drops, forgets in a `select!`, or cannot poll because the thread is blocked in
//! sync code would keep its guards for ever. So the library runs such work itself, on its own threads,
//! wherever the layers allow it; elsewhere nobody waits longer than [`PATIENCE`] for a guard.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::stack::{Inner, TieredCache};
use crate::error::{Error, ErrorKind, Result};
use crate::fence::WriteGuard;
use crate::key::{Key, KeyDigest};
use crate::runtime::{is_blocking, within};

/// How long a write waits for others to end.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

impl TieredCache {
    /// Runs work on slow layers to its end, even when the caller's future is dropped. A panic in it, as a
    /// value's `Serialize` may have, is an error.
    pub(super) async fn to_the_end<R: Send + 'static>(
        &self,
        work: impl Future<Output = Result<R>> + Send + 'static,
    ) -> Result<R> {
        // A sync caller cannot go away, and some layers work only on their caller's runtime.
        if is_blocking() || !self.0.detached() {
            return or_panicked(Box::pin(work)).await;
        }
        let work = Box::pin(work);
        let Some(ticket) = self.0.crew.ticket() else {
            // There are too many already: this one is its caller's own affair.
            return or_panicked(work).await;
        };
        let working = async move {
            let _ticket = ticket;
            work.await
        };
        let pass = self.0.crew.pass()?;
        pass.run(working).await.unwrap_or_else(|| Err(panicked()))
    }
}

impl Inner {
    /// Whether a writer waits for some layers.
    pub(super) fn has_slow_layers(&self) -> bool {
        self.prompt > self.immediate
    }

    /// Whether the slow layers work on any thread.
    pub(super) fn detached(&self) -> bool {
        self.slow_layers().all(|(_, layer)| layer.info.detached)
    }

    /// Keeps other writers of those keys out of the slow layers, after waiting for them for so long at most.
    pub(super) async fn lock<'a>(
        &self,
        keys: impl Iterator<Item = &'a Key>,
        patience: Option<Duration>,
    ) -> Result<WriteGuard> {
        let keys = keys.map(Key::digest).collect::<Vec<KeyDigest>>();
        let patience = patience.unwrap_or(PATIENCE).min(PATIENCE);
        let locked = within(patience, self.fence.write(keys)).await;
        locked.ok_or_else(|| too_long("another write of the key", patience))
    }
}

/// Takes a panic in somebody else's code for an error.
pub(super) async fn or_panicked<R>(work: impl Future<Output = Result<R>>) -> Result<R> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
    })
    .await
}

fn panicked() -> Error {
    let message = "a backend panicked, or a value that it was to write";
    Error::new(ErrorKind::Serialization, message)
}

fn too_long(what: &str, patience: Duration) -> Error {
    let message = format!("{what} did not end within {patience:?}");
    Error::new(ErrorKind::Timeout, message)
}
