//! Who computes, who waits, and who may go next.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Instant;

use super::Landed;

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

pub(super) struct State {
    landed: Option<Landed>,
    leaders: usize,
    /// Callers that are waiting or about to; the flight stays in the table for them.
    pub(super) interested: usize,
    /// A leader that landed has ended: who comes from now on is too late for the result.
    over: bool,
    /// So many waiters may become leaders.
    permits: usize,
    lease_ends: Option<Instant>,
    wakers: BTreeMap<u64, Waker>,
    last_ticket: u64,
}

/// What a waiter finds.
pub(super) enum Found {
    Landed(Landed),
    /// It is the waiter's turn to compute.
    Turn,
    /// Wait on, at most until then. The waker from before is to be dropped when the state is free.
    Wait(Option<Instant>, Option<Waker>),
}

impl State {
    pub(super) fn led_until(lease_ends: Option<Instant>) -> Self {
        Self {
            landed: None,
            leaders: 1,
            interested: 0,
            over: false,
            permits: 0,
            lease_ends,
            wakers: BTreeMap::new(),
            last_ticket: 0,
        }
    }

    /// Whether the flight is to be found no more.
    pub(super) fn is_over(&self) -> bool {
        self.over || (self.leaders == 0 && self.interested == 0)
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

    pub(super) fn leader_ends(&mut self, ending: Ending) -> ToWake {
        self.leaders -= 1;
        self.over |= ending == Ending::Landed;
        if self.landed.is_some() {
            return ToWake::default();
        }
        match ending {
            // Two in the place of one: each round of failures lets through twice as many as the last.
            Ending::Failed => self.permits = self.permits.saturating_add(2),
            // Where somebody computes already, that one is the heir.
            Ending::HandOver if self.leaders == 0 => self.permits = self.permits.max(1),
            Ending::HandOver | Ending::Landed => {}
        }
        self.next_waiters(self.permits)
    }

    /// Asks for the waiter: what is there, and otherwise to be woken.
    pub(super) fn poll(
        &mut self,
        ticket: &mut Option<u64>,
        now: Instant,
        next_lease_ends: Option<Instant>,
        waker: &Waker,
    ) -> Found {
        if let Some(landed) = &self.landed {
            return Found::Landed(landed.clone());
        }
        let lease_over = self.lease_ends.is_some_and(|ends| now >= ends);
        if self.permits > 0 || lease_over {
            self.permits = self.permits.saturating_sub(1);
            self.leaders += 1;
            self.lease_ends = next_lease_ends;
            return Found::Turn;
        }
        let ticket = *ticket.get_or_insert_with(|| {
            self.last_ticket += 1;
            self.last_ticket
        });
        let before = match self.wakers.get(&ticket) {
            Some(known) if known.will_wake(waker) => None,
            _ => self.wakers.insert(ticket, waker.clone()),
        };
        Found::Wait(self.lease_ends, before)
    }

    /// A waiter goes, to compute or for good. A permit that it was woken for goes to another.
    pub(super) fn waiter_ends(&mut self, ticket: Option<u64>) -> ToWake {
        self.interested -= 1;
        // Dropped with the others: a waker may run anything when it goes.
        let own = ticket.and_then(|ticket| self.wakers.remove(&ticket));
        let mut next = match self.landed {
            None => self.next_waiters(self.permits),
            Some(_) => ToWake::default(),
        };
        next.unneeded_waker = own;
        next
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
