//! What goes on behind callers' backs for one layer: probing while it is away, and telling it what it has yet
//! to be told.

use std::future::Future;
use std::sync::Weak;
use std::time::Duration;

use tokio::task::yield_now;

use super::breaker::Health;
use super::layer::{StackLayer, Turn, too_slow};
use super::pending::Batch;
use super::section::or_panicked;
use crate::backend::{Backend, candidly};
use crate::clock::Clock;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{Key, Namespace};
use crate::runtime::{Pass, alarm, sleep, within};

/// The first pause after a failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// How many changes are told at once.
const BATCH: usize = 256;
/// How long telling a batch may take, unless the layer's own deadline is longer.
const DELIVERY: Duration = Duration::from_secs(5);
/// How long an operation on a whole namespace may take.
pub(super) const SWEEP: Duration = Duration::from_secs(30);

/// How far one round came.
pub(super) enum Round {
    /// Something was told; there may be more.
    Progress,
    /// Nothing is due for so long.
    Wait(Duration),
    /// The layer answers, and nothing waits for it.
    AtRest,
}

/// Attends to a layer until it is at rest, or gone.
pub(super) async fn attend(layer: Weak<StackLayer>, mut turn: Turn, _pass: Pass) {
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(here) = layer.upgrade() else { return };
        if here.crew.is_dismissed() {
            return;
        }
        match here.round().await {
            Ok(Round::Progress) => {
                pause = FIRST_PAUSE;
                // A layer that answers at once must not keep the thread from everybody else.
                yield_now().await;
            }
            Ok(Round::Wait(time)) => {
                let clock = here.clock.clone();
                drop(here);
                rest(&clock, time.clamp(FIRST_PAUSE, LONGEST_PAUSE)).await;
            }
            Ok(Round::AtRest) => {
                drop(turn);
                // Who came in between saw that the layer was attended to, and left it at that.
                let more = here.pending.due_in().is_some() || !here.breaker.is_closed();
                if !more {
                    return;
                }
                let Some(again) = here.turn() else { return };
                turn = again;
            }
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(_) => {
                let clock = here.clock.clone();
                drop(here);
                rest(&clock, pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Waits so long by the world's clock, or less where a test moves the stack's.
async fn rest(clock: &Clock, time: Duration) {
    match clock.now().checked_add(time).filter(|_| clock.is_manual()) {
        Some(end) => drop(within(time, alarm(clock, end)).await),
        None => sleep(time).await,
    }
}

impl StackLayer {
    /// One round by a caller, for a layer that has nobody in the background.
    ///
    /// # Errors
    /// When the layer does not take it, and when another caller is at it.
    pub(super) async fn attend_here(&self, limit: Duration) -> Result<Round> {
        let Some(_turn) = self.turn() else {
            let message = "another caller tells the layer what it missed";
            return Err(Error::new(ErrorKind::Unavailable, message));
        };
        self.breaker.admit()?;
        let round = within(limit, self.round()).await;
        round.unwrap_or_else(|| {
            let late = Err(too_slow(limit));
            self.note(&late);
            late
        })
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
        let answer = self.tell(self.deadline, self.backend.exists(&key)).await;
        answer.map(|_| ())
    }

    /// What the layer will never do holds up nothing else, and is tried again all the same: until it is
    /// done, what it was to free is not read.
    async fn deliver(&self, batch: Batch) -> Result<()> {
        let mut refused = Ok(());
        for (namespace, version) in batch.clears {
            match self.tell(SWEEP, self.backend.clear(&namespace)).await {
                Ok(()) => self.pending.cleared(&namespace, version),
                Err(error) => {
                    self.pending.not_cleared(&namespace);
                    match is_final(&error) {
                        true => refused = Err(error),
                        false => return Err(error),
                    }
                }
            }
        }
        match self.deliver_deletes(&batch.deletes).await {
            Err(error) if is_final(&error) => refused = Err(error),
            deleted => deleted?,
        }
        match &*batch.sets {
            [] => Ok(()),
            [one] => self.deliver_set(one).await,
            many => self.deliver_sets(many).await,
        }?;
        refused
    }

    async fn deliver_deletes(&self, deletes: &[(Key, u64)]) -> Result<()> {
        if deletes.len() > 1 {
            let keys: Vec<Key> = deletes.iter().map(|(key, _)| key.clone()).collect();
            let told = self.tell(self.delivery(), self.backend.delete_many(&keys));
            match told.await {
                // One of them is at fault; the others go their way.
                Err(error) if is_final(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    for (key, version) in deletes {
                        self.pending.delivered(key, *version);
                    }
                    return Ok(());
                }
            }
        }
        let mut refused = Ok(());
        for (key, version) in deletes {
            let told = self.tell(self.delivery(), self.backend.delete(key));
            match told.await {
                Ok(()) => self.pending.delivered(key, *version),
                Err(error) if is_final(&error) => refused = Err(error),
                Err(error) => return Err(error),
            }
        }
        refused
    }

    async fn deliver_sets(&self, sets: &[(Key, Entry, u64)]) -> Result<()> {
        let entries = sets
            .iter()
            .map(|(key, entry, _)| (key.clone(), entry.clone()));
        let entries: Vec<(Key, Entry)> = entries.collect();
        let told = self
            .tell(self.delivery(), self.backend.set_many(entries))
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
        let told = self.tell(self.delivery(), self.backend.set(key, entry.clone()));
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
    async fn tell<R>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<R>>,
    ) -> Result<R> {
        let outcome = within(limit, or_panicked(candidly(operation))).await;
        let outcome = outcome.unwrap_or_else(|| Err(too_slow(limit)));
        if let Err(error) = &outcome {
            tracing::debug!(target: "cachestack", layer = %self.info.name, %error, "layer does not take what it missed");
        }
        self.heard(Health::of(&outcome));
        outcome
    }
}

/// Whether telling it again would fail again.
fn is_final(error: &Error) -> bool {
    // One that never reached the layer, be it for a wrong password, says nothing of what it was to take.
    !error.is_retryable() && !error.is_unreachable() && error.kind() != ErrorKind::Closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_reached_the_layer_is_not_refused_for_good() {
        let refused = || Error::new(ErrorKind::Config, "a wrong password");
        assert!(is_final(&refused()));
        assert!(!is_final(&refused().unreachable()));
    }
}
