//! One computation a key: a leader computes, whoever asks meanwhile waits for it.
//!
//! A flight belongs to a key, an epoch of the fence, and a type of value: who calls after an invalidation
//! never joins one that began before it, and two types under one key never meet. Its leader holds a lease; when it ends, exactly one waiter computes too and the
//! rest take whichever ends first. A leader that panics or is dropped hands over at once, to exactly one;
//! one that fails lets two waiters through in its place. The flight is out of the table when nobody computes
//! and nobody waits, or when a leader that landed has stored its value: whoever comes then finds it there or
//! computes, even if another leader hangs.
//!
//! Whoever has to do with a flight holds a token of its key: as long as there is one, the key's epochs do not
//! begin anew.

mod state;
mod wait;

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cachestack_backends::{AnyValue, Epoch, KeyDigest};

use self::state::{Ending, State};
use self::wait::Wait;

const SHARDS: usize = 16;

/// What a leader leaves to those who waited.
#[derive(Clone)]
pub(crate) enum Landed {
    /// The value.
    Value(AnyValue),
    /// The whole return value of a call that failed, where it can be shared.
    Failure(AnyValue),
}

type Id = (KeyDigest, Epoch, TypeId);
type Shard = HashMap<Id, Arc<Flight>>;

/// The flights of one cache.
#[derive(Default)]
pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
}

struct Flight {
    state: Mutex<State>,
}

impl Flight {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a caller is to do.
pub(crate) enum Role<'a> {
    /// Compute.
    Lead(Lead<'a>),
    /// Take what the leader left.
    Take(Landed),
}

impl Flights {
    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        let index = id.0.low() as usize % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the flight of that key, epoch and type: at once as its leader when there is none, else after a wait
    /// of at most `lease` beyond the current leader's lease.
    pub(crate) async fn join(
        &self,
        key: KeyDigest,
        epoch: Epoch,
        value_type: TypeId,
        lease: Duration,
    ) -> Role<'_> {
        let id = (key, epoch, value_type);
        let flight = {
            let mut shard = self.shard(id);
            match shard.get(&id) {
                None => {
                    let flight = Arc::new(Flight {
                        state: Mutex::new(State::led_until(ending_of(lease))),
                    });
                    shard.insert(id, Arc::clone(&flight));
                    return Role::Lead(Lead::new(self, id, flight));
                }
                // The waiter is registered while the table is locked: the flight cannot be taken out
                // between the look-up and the wait.
                Some(flight) => {
                    flight.lock().interested += 1;
                    Arc::clone(flight)
                }
            }
        };
        Wait::new(self, id, flight, lease).await
    }

    /// Takes the flight out of the table when it is over.
    fn tidy(&self, id: Id, flight: &Arc<Flight>) {
        let mut shard = self.shard(id);
        let is_over = flight.lock().is_over();
        if is_over && shard.get(&id).is_some_and(|it| Arc::ptr_eq(it, flight)) {
            shard.remove(&id);
        }
    }

    /// How many keys are in flight.
    pub(crate) fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(len).sum()
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flights({})", self.len())
    }
}

/// When a lease that begins now ends; beyond the clock's end it never does.
fn ending_of(lease: Duration) -> Option<Instant> {
    Instant::now().checked_add(lease)
}

/// The duty to compute. Dropped without landing, it hands over to exactly one waiter.
pub(crate) struct Lead<'a> {
    flights: &'a Flights,
    id: Id,
    flight: Arc<Flight>,
    ending: Ending,
}

impl<'a> Lead<'a> {
    fn new(flights: &'a Flights, id: Id, flight: Arc<Flight>) -> Self {
        Self {
            flights,
            id,
            flight,
            ending: Ending::HandOver,
        }
    }

    /// Gives the result to everyone who waits. Whoever joins before the lead is dropped gets it too.
    pub(crate) fn land(&mut self, landed: Landed) {
        self.ending = Ending::Landed;
        // Each lock is a statement of its own, so that it is free before anybody is woken.
        let waiters = self.flight.lock().land(landed);
        waiters.wake();
    }

    /// The computation failed in a way that cannot be shared.
    pub(crate) fn fail(mut self) {
        self.ending = Ending::Failed;
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let waiters = self.flight.lock().leader_ends(self.ending);
        waiters.wake();
        self.flights.tidy(self.id, &self.flight);
    }
}
