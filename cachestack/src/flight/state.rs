//! Who computes, who waits, and who may go next.

use std::collections::BTreeMap;
use std::task::Waker;

use cachestack_backends::Moment;
use cachestack_backends::runtime::Place;
use smallvec::SmallVec;

use super::{Caller, Landed};

/// How a leader ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a result for everyone.
    Landed,
    /// With a failure that is its caller's alone.
    Failed,
    /// Without any result: it panicked or was dropped.
    HandOver,
}

/// A leader of a flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(u64);

/// A waiter's place in the row: threads before tasks, then who came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    is_task: bool,
    number: u64,
}

struct Leader {
    number: Number,
    /// Where it was last polled.
    place: Place,
}

pub(super) struct State {
    landed: Option<Landed>,
    leaders: SmallVec<[Leader; 1]>,
    /// Callers that are waiting or about to; the flight stays in the table for them.
    pub(super) interested: usize,
    /// A leader that landed has ended: who comes from now on is too late for the result.
    over: bool,
    /// So many waiters may become leaders.
    permits: usize,
    lease_ends: Option<Moment>,
    wakers: BTreeMap<Ticket, Waker>,
    last_number: u64,
}

/// What a waiter finds.
pub(super) enum Found {
    Landed(Landed),
    /// It is the waiter's turn to compute.
    Turn(Number),
    /// Wait on, at most until then. The waker from before is to be dropped when the state is free.
    Wait(Option<Moment>, Option<Waker>),
}

impl State {
    /// With its first leader.
    pub(super) fn led_from(place: Place, lease_ends: Option<Moment>) -> (Self, Number) {
        let mut state = Self {
            landed: None,
            leaders: SmallVec::new(),
            interested: 0,
            over: false,
            permits: 0,
            lease_ends: None,
            wakers: BTreeMap::new(),
            last_number: 0,
        };
        let number = state.lead(place, lease_ends);
        (state, number)
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// One more computes, and the lease begins anew.
    pub(super) fn lead(&mut self, place: Place, lease_ends: Option<Moment>) -> Number {
        let number = Number(self.next_number());
        self.leaders.push(Leader { number, place });
        self.lease_ends = lease_ends;
        number
    }

    /// A leader is polled from elsewhere than before.
    pub(super) fn moved(&mut self, number: Number, place: Place) {
        let mut leaders = self.leaders.iter_mut();
        if let Some(leader) = leaders.find(|it| it.number == number) {
            leader.place = place;
        }
    }

    /// Whether no leader goes on for as long as the caller blocks.
    pub(super) fn waits_for_me(&self) -> bool {
        !self.leaders.is_empty() && self.leaders.iter().all(|it| it.place.waits_for_me())
    }

    pub(super) fn has_landed(&self) -> bool {
        self.landed.is_some()
    }

    /// Whether nobody is to join any more.
    pub(super) fn is_closed(&self) -> bool {
        self.over
    }

    /// Whether the flight is to be found no more.
    pub(super) fn is_over(&self) -> bool {
        self.over || (self.leaders.is_empty() && self.interested == 0)
    }

    /// The first result is everyone's. A later one goes back with the waiters, to be dropped with them.
    pub(super) fn land(&mut self, landed: Landed) -> ToWake {
        let mut next = self.next_waiters(usize::MAX);
        match self.landed {
            None => self.landed = Some(landed),
            Some(_) => next.unneeded_result = Some(landed),
        }
        next
    }

    /// The same for those who wait already.
    pub(super) fn land_last(&mut self, landed: Landed) -> ToWake {
        self.over = true;
        self.land(landed)
    }

    pub(super) fn leader_ends(&mut self, number: Number, ending: Ending) -> ToWake {
        self.leaders.retain(|it| it.number != number);
        self.over |= ending == Ending::Landed;
        if self.landed.is_some() {
            return ToWake::default();
        }
        match ending {
            // Two in the place of one: each round of failures lets through twice as many as the last.
            Ending::Failed => self.permits = self.permits.saturating_add(2),
            Ending::HandOver if cfg!(mutant = "no_handover") => {}
            // Where somebody computes already, that one is the heir.
            Ending::HandOver if self.leaders.is_empty() => self.permits = self.permits.max(1),
            Ending::HandOver | Ending::Landed => {}
        }
        self.keep_permits_for_waiters();
        self.next_waiters(self.permits)
    }

    /// Asks for the waiter: what is there, and otherwise to be woken. Its lease would begin and end at these times.
    pub(super) fn poll(
        &mut self,
        ticket: &mut Option<Ticket>,
        caller: Caller,
        (now, next_lease_ends): (Moment, Option<Moment>),
        waker: &Waker,
    ) -> Found {
        if let Some(landed) = &self.landed {
            return Found::Landed(landed.clone());
        }
        let lease_over = self.lease_ends.is_some_and(|ends| now >= ends);
        if self.permits > 0 || lease_over {
            self.permits = self.permits.saturating_sub(1);
            return Found::Turn(self.lead(caller.place, next_lease_ends));
        }
        let ticket = *ticket.get_or_insert_with(|| Ticket {
            is_task: !caller.blocks,
            number: self.next_number(),
        });
        let before = match self.wakers.get(&ticket) {
            Some(known) if known.will_wake(waker) => None,
            _ => self.wakers.insert(ticket, waker.clone()),
        };
        Found::Wait(self.lease_ends, before)
    }

    /// A waiter goes, to compute or for good. A permit that it was woken for goes to another.
    pub(super) fn waiter_ends(&mut self, ticket: Option<Ticket>) -> ToWake {
        self.interested -= 1;
        self.keep_permits_for_waiters();
        self.waiter_rests(ticket)
    }

    /// A waiter wants no turn for a while. One that it was woken for goes to another.
    pub(super) fn waiter_rests(&mut self, ticket: Option<Ticket>) -> ToWake {
        // Dropped with the others: a waker may run anything when it goes.
        let own = ticket.and_then(|ticket| self.wakers.remove(&ticket));
        let mut next = match self.landed {
            None => self.next_waiters(self.permits),
            Some(_) => ToWake::default(),
        };
        next.unneeded_waker = own;
        next
    }

    /// What nobody waits for lapses: else failures of few would add up to a herd of those who come later. One stays
    /// where nobody leads, for who comes before the flight is out of the table.
    fn keep_permits_for_waiters(&mut self) {
        let most = self.interested.max(usize::from(self.leaders.is_empty()));
        self.permits = self.permits.min(most);
    }

    fn next_waiters(&mut self, most: usize) -> ToWake {
        let next = std::iter::from_fn(|| self.wakers.pop_first());
        ToWake {
            wakers: next.take(most).map(|(_, waker)| waker).collect(),
            ..ToWake::default()
        }
    }
}

/// Waiters to be woken, and what to drop, when the state is not locked any more: both may run anything,
/// even what comes back for the lock.
#[derive(Default)]
#[must_use = "the waiters sleep on unless they are woken"]
pub(super) struct ToWake {
    wakers: Vec<Waker>,
    unneeded_waker: Option<Waker>,
    unneeded_result: Option<Landed>,
}

impl ToWake {
    pub(super) fn wake(self) {
        self.wakers.into_iter().for_each(Waker::wake);
    }
}
