//! The duty to compute.

use std::sync::Arc;
use std::thread::{self, ThreadId};

use cachestack_backends::runtime::Place;

use super::state::{Ending, Number, State};
use super::trail::Mark;
use super::{Flight, Flights, Id, Landed};

/// The duty to compute. Dropped without landing, it hands over to exactly one waiter.
pub(crate) struct Lead<'a> {
    flights: &'a Flights,
    id: Id,
    flight: Arc<Flight>,
    number: Number,
    began_on: ThreadId,
    ending: Ending,
}

impl<'a> Lead<'a> {
    /// A lead that the flight has counted already.
    pub(super) fn new(flights: &'a Flights, id: Id, flight: Arc<Flight>, number: Number) -> Self {
        Self {
            flights,
            id,
            flight,
            number,
            began_on: thread::current().id(),
            ending: Ending::HandOver,
        }
    }

    /// What this thread does while the mark lives is the leader's: its calls do not wait for itself.
    pub(crate) fn mark(&self) -> Mark {
        Mark::set(&self.flight)
    }

    /// The thread that the lead began on.
    pub(crate) fn began_on(&self) -> ThreadId {
        self.began_on
    }

    /// The leader's future is polled by another thread than before.
    pub(crate) fn moved(&self) {
        self.flight.lock().moved(self.number, Place::here());
    }

    /// Gives the result to everyone who waits. Whoever joins before the lead is dropped gets it too.
    pub(crate) fn land(&mut self, landed: Landed) {
        self.ending = Ending::Landed;
        // Each lock is a statement of its own, so that it is free before anybody is woken.
        let waiters = self.flight.lock().land(landed);
        waiters.wake();
    }

    /// The same for those who wait now alone: who comes from now on begins anew.
    pub(crate) fn land_last(mut self, landed: Landed) {
        self.ending = Ending::Landed;
        let waiters = self.flight.lock().land_last(landed);
        waiters.wake();
    }

    /// The computation failed in a way that cannot be shared.
    pub(crate) fn fail(mut self) {
        self.ending = Ending::Failed;
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let ends = |state: &mut State| state.leader_ends(self.number, self.ending);
        let waiters = self.flights.tidy_after(self.id, &self.flight, ends);
        waiters.wake();
    }
}
