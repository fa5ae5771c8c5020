//! What goes on behind callers' backs for one layer: probing while it is away, and telling it what it has yet
//! to be told.

use std::future::Future;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::breaker::Health;
use super::layer::StackLayer;
use super::pending::Batch;
use crate::backend::{Backend, candidly};
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{Key, Namespace};
use crate::runtime::{Pass, sleep, within};

/// The first pause after a failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// How many changes are told at once.
const BATCH: usize = 256;
/// How long telling a batch may take, unless the layer's own deadline is longer.
const DELIVERY: Duration = Duration::from_secs(5);
/// How long an operation on a whole namespace may take.
pub(super) const SWEEP: Duration = Duration::from_secs(30);

/// How far one round came.
enum Round {
    /// Something was told; there may be more.
    Progress,
    /// Nothing is due for so long.
    Wait(Duration),
    /// The layer answers, and nothing waits for it.
    AtRest,
}

/// Attends to a layer until it is at rest, or gone.
pub(super) async fn attend(layer: Weak<StackLayer>, _pass: Pass) {
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(here) = layer.upgrade() else { return };
        match here.round().await {
            Ok(Round::Progress) => pause = FIRST_PAUSE,
            Ok(Round::Wait(time)) => {
                drop(here);
                sleep(time.min(LONGEST_PAUSE)).await;
            }
            Ok(Round::AtRest) => {
                here.attended.store(false, Ordering::SeqCst);
                // Who came in between saw that the layer was attended to, and left it at that.
                let more = !here.pending.is_empty() || !here.breaker.is_closed();
                if !more || here.attended.swap(true, Ordering::SeqCst) {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Closed => {
                here.attended.store(false, Ordering::SeqCst);
                return;
            }
            Err(_) => {
                drop(here);
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

impl StackLayer {
    /// One round by a caller, for a layer that has nobody in the background.
    pub(super) async fn attend_here(&self) -> Result<()> {
        self.breaker.admit()?;
        self.round().await.map(|_| ())
    }

    async fn round(&self) -> Result<Round> {
        if !self.breaker.is_closed() {
            self.breaker.probing();
            self.probe().await?;
        }
        let batch = self.pending.batch(BATCH);
        if batch.is_empty() {
            return Ok(match self.pending.due_in() {
                Some(time) => Round::Wait(time),
                None => Round::AtRest,
            });
        }
        self.deliver(batch).await?;
        Ok(Round::Progress)
    }

    /// Asks for a key that nobody uses.
    async fn probe(&self) -> Result<()> {
        let key = Key::new(&Namespace::new("cachestack:probe"), "");
        let answer = self.within(self.deadline, self.backend.exists(&key)).await;
        answer.map(|_| ())
    }

    async fn deliver(&self, batch: Batch) -> Result<()> {
        for (namespace, version) in batch.clears {
            self.within(SWEEP, self.backend.clear(&namespace)).await?;
            self.pending.cleared(&namespace, version);
        }
        if !batch.deletes.is_empty() {
            let keys: Vec<Key> = batch.deletes.iter().map(|(key, _)| key.clone()).collect();
            let limit = self.delivery();
            match &*keys {
                [key] => self.within(limit, self.backend.delete(key)).await?,
                keys => self.within(limit, self.backend.delete_many(keys)).await?,
            }
            for (key, version) in &batch.deletes {
                self.pending.delivered(key, *version);
            }
        }
        match &*batch.sets {
            [] => Ok(()),
            [one] => self.deliver_set(one).await,
            many => self.deliver_sets(many).await,
        }
    }

    async fn deliver_sets(&self, sets: &[(Key, Entry, u64)]) -> Result<()> {
        let entries = sets
            .iter()
            .map(|(key, entry, _)| (key.clone(), entry.clone()));
        let entries: Vec<(Key, Entry)> = entries.collect();
        let told = self
            .within(self.delivery(), self.backend.set_many(entries))
            .await;
        match told {
            Ok(()) => {
                for (key, _, version) in sets {
                    self.pending.delivered(key, *version);
                }
                Ok(())
            }
            Err(error) if is_final(&error) => {
                // One of them is at fault; the others go their way.
                for set in sets {
                    self.deliver_set(set).await?;
                }
                Ok(())
            }
            Err(error) => {
                if error.is_uncertain() {
                    sets.iter()
                        .for_each(|(key, ..)| self.pending.is_uncertain(key));
                }
                Err(error)
            }
        }
    }

    async fn deliver_set(&self, (key, entry, version): &(Key, Entry, u64)) -> Result<()> {
        let told = self.within(self.delivery(), self.backend.set(key, entry.clone()));
        match told.await {
            Ok(()) => self.pending.delivered(key, *version),
            Err(error) if is_final(&error) => self.pending.refused(key, *version, error),
            Err(error) => {
                if error.is_uncertain() {
                    self.pending.is_uncertain(key);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn delivery(&self) -> Duration {
        self.deadline.max(DELIVERY)
    }

    /// Like [`ask`](Self::ask), whatever the breaker says.
    async fn within<R>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<R>>,
    ) -> Result<R> {
        let late = || {
            Err(Error::new(
                ErrorKind::Timeout,
                "no answer in the background",
            ))
        };
        let outcome = within(limit, candidly(operation))
            .await
            .unwrap_or_else(late);
        if let Err(error) = &outcome {
            tracing::debug!(target: "cachestack", layer = %self.info.name, %error, "layer does not take what it missed");
        }
        self.heard(Health::of(&outcome));
        outcome
    }
}

/// Whether telling it again would fail again.
fn is_final(error: &Error) -> bool {
    !error.is_retryable() && error.kind() != ErrorKind::Closed
}
