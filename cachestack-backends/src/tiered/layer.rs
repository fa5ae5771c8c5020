//! A layer as the stack asks it: within a time, not while it is known to be away, and with what it has yet to
//! be told kept beside it.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::breaker::{Breaker, Health};
use super::config::Layer;
use super::pending::{Pending, Waiting, What};
use super::section::or_panicked;
use crate::backend::{AnyBackend, BackendInfo, candidly};
use crate::clock::Clock;
use crate::entry::ValueType;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::key::{Key, Namespace};
use crate::runtime::{Pass, within, work};
use crate::stats::{Counter, Counters, Stats, Timer};

pub(super) struct StackLayer {
    pub(super) backend: AnyBackend,
    pub(super) info: BackendInfo,
    /// How long one operation may take.
    pub(super) deadline: Duration,
    /// Whether its failures are only counted.
    pub(super) silent: bool,
    /// What the stack saw of it: errors, copies made into it.
    pub(super) seen: Counters,
    pub(super) timeouts: Counter,
    /// How long it took, where it does not answer at once.
    took: Timer,
    pub(super) breaker: Breaker,
    pub(super) pending: Pending,
    /// Whether somebody is probing or delivering.
    attended: Arc<AtomicBool>,
    pub(super) crew: Arc<Crew>,
    pub(super) clock: Clock,
    pub(super) this: Weak<Self>,
}

impl StackLayer {
    pub(super) fn new(
        layer: Layer,
        info: BackendInfo,
        crew: &Arc<Crew>,
        clock: &Clock,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            backend: layer.backend,
            deadline: layer.deadline,
            silent: layer.silent || info.silent,
            seen: Counters::default(),
            timeouts: Counter::default(),
            took: Timer::default(),
            breaker: Breaker::new(layer.breaker_failures, !info.detached, clock.clone()),
            pending: Pending::new(layer.max_pending),
            attended: Arc::default(),
            crew: Arc::clone(crew),
            clock: clock.clone(),
            this: this.clone(),
            info,
        })
    }

    /// Whether the layer can hold values of that type at all.
    pub(super) fn takes(&self, value_type: &ValueType) -> bool {
        match value_type.is_number() {
            true => self.keeps_numbers(),
            false => self.info.typed || !value_type.is_local(),
        }
    }

    /// Whether it is a map in this process, in which entries hold their generations themselves.
    pub(super) fn is_plain(&self) -> bool {
        self.info.typed && self.info.immediate
    }

    /// Whether the numbers of generations are kept there, beside the entries.
    pub(super) fn keeps_numbers(&self) -> bool {
        !self.is_plain()
    }

    /// Has the store do something, within that time and unless it is known to be away. A failure is counted.
    ///
    /// # Errors
    /// The store's own; [`Timeout`](ErrorKind::Timeout); unreachable without being asked.
    pub(super) async fn ask<R>(
        &self,
        operation: Operation,
        limit: Duration,
        asked: impl Future<Output = Result<R>>,
    ) -> Result<R> {
        let here = |error: Error| error.at(self.info.name.clone(), operation);
        let asked = or_panicked(candidly(asked));
        if self.info.immediate {
            let outcome = asked.await.map_err(here);
            return outcome.inspect_err(|error| self.failed(error));
        }
        if let Err(error) = self.breaker.admit() {
            // Who was to probe may have been unable to start.
            self.attend();
            return Err(here(error));
        }
        let began = self.clock.now();
        let outcome = within(limit, asked).await;
        self.took.add(self.clock.now().since(began));
        let outcome = outcome.unwrap_or_else(|| Err(too_slow(limit)));
        let outcome = outcome.map_err(here);
        self.note(&outcome);
        outcome
    }

    /// Takes note of how a caller's operation ended.
    pub(super) fn note<R>(&self, outcome: &Result<R>) {
        let health = Health::of(outcome);
        if let Err(error) = outcome {
            self.failed(error);
        }
        if health == Health::Slow {
            self.timeouts.add(1);
        }
        self.heard(health);
    }

    /// Takes note of a sign of life, or of none.
    pub(super) fn heard(&self, health: Health) {
        let was_closed = self.breaker.is_closed();
        if self.breaker.note(health) {
            tracing::warn!(target: "cachestack", layer = %self.info.name, "layer is away, it is not asked until it answers");
            self.attend();
        } else if !was_closed && health == Health::Answered {
            tracing::info!(target: "cachestack", layer = %self.info.name, "layer answers again");
            self.attend();
        }
    }

    /// Counts an error, whether or not a caller gets to see it.
    pub(super) fn failed(&self, error: &Error) {
        self.seen.errors.add(1);
        tracing::warn!(target: "cachestack", layer = %self.info.name, %error, "layer failed");
    }

    /// What waits to be told to the layer of that key, and answers in its stead. A layer that nobody
    /// attends to in the background is told first, within that time.
    pub(super) async fn waiting(&self, key: &Key, limit: Duration) -> Option<Waiting> {
        let waiting = self.pending.look(key)?;
        if self.info.detached {
            return Some(waiting);
        }
        // Told or not, what waits afterwards says it.
        drop(self.attend_here(limit).await);
        self.pending.look(key)
    }

    /// A change of the key did not reach the layer, or who knows: it is told later that what it has is to
    /// go, and not asked for the key until then. `uncertain` where a write was given up under way.
    pub(super) fn owes(&self, key: &Key, uncertain: bool) {
        if self.crew.is_dismissed() {
            // Of a closed stack nothing is read any more, and nobody would tell the layer.
            return;
        }
        self.pending.put(key, What::Delete, uncertain);
        self.attend();
    }

    /// The same for the clearing of a namespace.
    pub(super) fn owes_clear(&self, namespace: &Namespace) {
        self.pending.put_clear(namespace);
        self.attend();
    }

    /// What it counted, with what the stack saw of it.
    pub(super) async fn stats(&self) -> Stats {
        // A layer that cannot even count is shown with what the stack knows.
        let counting = or_panicked(crate::Backend::stats(&self.backend));
        let counted = within(self.deadline, counting).await;
        let mut stats = match counted {
            Some(Ok(stats)) => stats,
            _ => Stats::new(self.info.name.clone()),
        };
        stats.errors = stats.errors.max(self.seen.errors.get());
        stats.backfills = stats.backfills.max(self.seen.backfills.get());
        stats.timeouts = stats.timeouts.max(self.timeouts.get());
        if !self.info.immediate {
            stats.operations = Some(self.took.timings());
            stats.breaker = Some(self.breaker.word().to_owned());
            stats.opened = self.breaker.opened.get();
            stats.rejected = self.breaker.rejected.get();
            stats.pending = Some(self.pending.len() as u64);
            stats.overflowed = self.pending.overflowed.get();
        }
        stats
    }

    /// Has somebody probe and deliver, unless somebody does already.
    pub(super) fn attend(&self) {
        if !self.info.detached || self.crew.is_dismissed() {
            return;
        }
        let Some(turn) = self.turn() else { return };
        // Without a thread the next operation tries again.
        let Ok(pass) = self.crew.pass() else { return };
        pass.spawn(super::recovery::attend(
            self.this.clone(),
            turn,
            pass.clone(),
        ));
    }

    /// The right to probe and deliver, unless somebody has it.
    pub(super) fn turn(&self) -> Option<Turn> {
        let taken = self.attended.swap(true, Ordering::SeqCst);
        (!taken).then(|| Turn(Arc::clone(&self.attended)))
    }
}

/// Held by the one who probes a layer and tells it what it missed: two at once could tell it an older change
/// after a newer one.
pub(super) struct Turn(Arc<AtomicBool>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

pub(super) fn too_slow(limit: Duration) -> Error {
    let message = format!("no answer within {limit:?}");
    Error::new(ErrorKind::Timeout, message)
}

/// What runs a stack's background work, from when it is first needed until the stack is closed.
#[derive(Debug, Default)]
pub(super) struct Crew {
    pass: Mutex<Option<Pass>>,
    dismissed: AtomicBool,
    /// How many writes it drives to their end.
    driven: Arc<AtomicUsize>,
}

/// How many writes one stack may have under way.
const MOST_DRIVEN: usize = 16_384;

/// A write that is driven to its end.
pub(super) struct Ticket(Arc<AtomicUsize>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Crew {
    /// The right to have a write driven to its end, while there is room.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        let before = self.driven.fetch_add(1, Ordering::AcqRel);
        let ticket = Ticket(Arc::clone(&self.driven));
        (before < MOST_DRIVEN).then_some(ticket)
    }

    pub(super) fn pass(&self) -> Result<Pass> {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        match &*pass {
            Some(pass) => Ok(pass.clone()),
            None if self.is_dismissed() => work().enter(),
            None => Ok(pass.insert(work().enter()?).clone()),
        }
    }

    pub(super) fn is_dismissed(&self) -> bool {
        self.dismissed.load(Ordering::SeqCst)
    }

    /// Nothing is begun behind callers' backs any more.
    pub(super) fn dismiss(&self) {
        self.dismissed.store(true, Ordering::SeqCst);
        let pass = self
            .pass
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(pass);
    }
}
