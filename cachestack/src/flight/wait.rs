//! Waiting for a leader.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cachestack_backends::runtime::{Sleep, sleep};

use super::state::Found;
use super::{Flight, Flights, Id, Lead, Role, ending_of};

/// A caller that waits; dropped early, it leaves no trace.
pub(super) struct Wait<'a> {
    flights: &'a Flights,
    id: Id,
    flight: Arc<Flight>,
    lease: Duration,
    ticket: Option<u64>,
    alarm: Option<(Instant, Sleep)>,
}

impl<'a> Wait<'a> {
    /// A wait for which the flight has counted one interested caller already.
    pub(super) fn new(flights: &'a Flights, id: Id, flight: Arc<Flight>, lease: Duration) -> Self {
        Self {
            flights,
            id,
            flight,
            lease,
            ticket: None,
            alarm: None,
        }
    }
}

impl<'a> Future for Wait<'a> {
    type Output = Role<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Role<'a>> {
        let this = &mut *self;
        loop {
            let now = Instant::now();
            let next = ending_of(this.lease);
            let found = this
                .flight
                .lock()
                .poll(&mut this.ticket, now, next, context.waker());
            let ends = match found {
                Found::Landed(landed) => return Poll::Ready(Role::Take(landed)),
                Found::Turn => {
                    let flight = Arc::clone(&this.flight);
                    return Poll::Ready(Role::Lead(Lead::new(this.flights, this.id, flight)));
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
                alarm => {
                    let alarm = alarm.insert((ends, sleep(ends.saturating_duration_since(now))));
                    &mut alarm.1
                }
            };
            if Pin::new(alarm).poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let waiters = self.flight.lock().waiter_ends(self.ticket);
        waiters.wake();
        self.flights.tidy(self.id, &self.flight);
    }
}
