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
    /// So many waiters may become leaders.
    permits: usize,
    /// So many are let through after the next failure.
    width: usize,
    lease_ends: Option<Instant>,
    wakers: BTreeMap<u64, Waker>,
    last_ticket: u64,
}

/// What a waiter finds.
pub(super) enum Found {
    Landed(Landed),
    /// It is the waiter's turn to compute.
    Turn,
    /// Wait on, at most until then.
    Wait(Option<Instant>),
}

impl State {
    pub(super) fn led_until(lease_ends: Option<Instant>) -> Self {
        Self {
            landed: None,
            leaders: 1,
            interested: 0,
            permits: 0,
            width: 1,
            lease_ends,
            wakers: BTreeMap::new(),
            last_ticket: 0,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.leaders == 0 && (self.interested == 0 || self.landed.is_some())
    }

    pub(super) fn land(&mut self, landed: Landed) -> ToWake {
        self.landed.get_or_insert(landed);
        self.next_waiters(usize::MAX)
    }

    pub(super) fn leader_ends(&mut self, ending: Ending) -> ToWake {
        self.leaders -= 1;
        if self.landed.is_some() {
            return ToWake::default();
        }
        let wanted = match ending {
            Ending::Landed => return ToWake::default(),
            Ending::HandOver => 1,
            Ending::Failed => {
                self.width = self.width.saturating_mul(2);
                self.width
            }
        };
        // Those who compute already are a part of the round.
        self.permits = wanted.saturating_sub(self.leaders).max(self.permits);
        if self.leaders == 0 {
            self.permits = self.permits.max(1);
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
        self.wakers
            .entry(ticket)
            .and_modify(|known| known.clone_from(waker))
            .or_insert_with(|| waker.clone());
        Found::Wait(self.lease_ends)
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
        next.unneeded = own;
        next
    }

    fn next_waiters(&mut self, most: usize) -> ToWake {
        let next = std::iter::from_fn(|| self.wakers.pop_first());
        ToWake {
            wakers: next.take(most).map(|(_, waker)| waker).collect(),
            unneeded: None,
        }
    }
}

/// Waiters to be woken when the state is not locked any more: a waker may run or drop a task that comes
/// back for the lock.
#[derive(Default)]
#[must_use = "the waiters sleep on unless they are woken"]
pub(super) struct ToWake {
    wakers: Vec<Waker>,
    unneeded: Option<Waker>,
}

impl ToWake {
    pub(super) fn wake(self) {
        drop(self.unneeded);
        self.wakers.into_iter().for_each(Waker::wake);
    }
}
