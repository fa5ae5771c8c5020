//! Waiting for a leader.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cachestack_backends::Moment;
use cachestack_backends::runtime::{Alarm, alarm};

use super::state::{Found, Ticket};
use super::{Caller, Flight, Flights, Id, Lead, Lease, Role};

/// A caller that waits; dropped early, it leaves no trace.
pub(crate) struct Wait<'a, 'l> {
    flights: &'a Flights,
    id: Id,
    flight: Arc<Flight>,
    lease: Lease<'l>,
    ticket: Option<Ticket>,
    alarm: Option<(Moment, Alarm)>,
}

impl<'a, 'l> Wait<'a, 'l> {
    /// A wait for which the flight has counted one interested caller already.
    pub(super) fn new(flights: &'a Flights, id: Id, flight: Arc<Flight>, lease: Lease<'l>) -> Self {
        Self {
            flights,
            id,
            flight,
            lease,
            ticket: None,
            alarm: None,
        }
    }

    /// Does not wait for its turn until it is polled again.
    pub(crate) fn rest(&mut self) {
        let waiters = self.flight.lock().waiter_rests(self.ticket.take());
        waiters.wake();
        self.alarm = None;
    }
}

impl<'a> Future for Wait<'a, '_> {
    type Output = Role<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Role<'a>> {
        let this = &mut *self;
        loop {
            let (now, caller) = (this.lease.clock.now(), Caller::here());
            let next = this.lease.ending_of(now);
            let found =
                this.flight
                    .lock()
                    .poll(&mut this.ticket, caller, (now, next), context.waker());
            let ends = match found {
                Found::Landed(landed) => return Poll::Ready(Role::Take(landed)),
                Found::Turn(number) => {
                    let flight = Arc::clone(&this.flight);
                    let lead = Lead::new(this.flights, this.id, flight, number);
                    return Poll::Ready(Role::Lead(lead));
                }
                Found::Wait(ends, before) => {
                    drop(before);
                    ends
                }
            };
            let Some(ends) = ends else {
                return Poll::Pending;
            };
            let alarm = match &mut this.alarm {
                Some((set_for, alarm)) if *set_for == ends => alarm,
                alarm_before => {
                    let alarm = alarm(this.lease.clock, ends);
                    &mut alarm_before.insert((ends, alarm)).1
                }
            };
            if Pin::new(alarm).poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Wait<'_, '_> {
    fn drop(&mut self) {
        let waiters = self.flight.lock().waiter_ends(self.ticket);
        waiters.wake();
        self.flights.tidy(self.id, &self.flight);
    }
}
