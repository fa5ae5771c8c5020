//! Time that is moved by hand, and who sleeps by it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, SystemTime};

use super::Moment;

pub(super) struct Manual {
    began: SystemTime,
    /// As a moment.
    passed: AtomicU64,
    sleepers: Mutex<Sleepers>,
}

#[derive(Default)]
struct Sleepers {
    by_end: BTreeMap<(Moment, u64), Waker>,
    last_ticket: u64,
}

impl Manual {
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn new() -> Self {
        Self {
            began: SystemTime::now(),
            passed: AtomicU64::new(Moment::BEGINNING),
            sleepers: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        Moment(self.passed.load(Ordering::SeqCst))
    }

    pub(super) fn wall(&self) -> SystemTime {
        self.began + Duration::from_nanos(self.now().0 - Moment::BEGINNING)
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn advance(&self, by: u64) {
        let later = |passed: u64| Some(passed.saturating_add(by));
        let _ = self
            .passed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
        let still_asleep = (Moment(self.now().0.saturating_add(1)), 0);
        let due = {
            let mut sleepers = self.sleepers();
            let still_asleep = sleepers.by_end.split_off(&still_asleep);
            std::mem::replace(&mut sleepers.by_end, still_asleep)
        };
        // A waker may run anything, even what comes back to sleep.
        due.into_values().for_each(Waker::wake);
    }

    /// Wakes whoever polls when it is time; `None` when it is already. Who comes again has a ticket.
    pub(super) fn register(
        &self,
        until: Moment,
        ticket: Option<u64>,
        waker: &Waker,
    ) -> Option<u64> {
        let mut sleepers = self.sleepers();
        // Looked at under the lock: who moves the clock looks for sleepers after it has moved.
        if self.now() >= until {
            return None;
        }
        let ticket = ticket.unwrap_or_else(|| {
            sleepers.last_ticket += 1;
            sleepers.last_ticket
        });
        let before = sleepers.by_end.insert((until, ticket), waker.clone());
        drop(sleepers);
        drop(before);
        Some(ticket)
    }

    pub(super) fn forget(&self, until: Moment, ticket: u64) {
        let waker = self.sleepers().by_end.remove(&(until, ticket));
        drop(waker);
    }

    #[cfg(test)]
    pub(super) fn asleep(&self) -> usize {
        self.sleepers().by_end.len()
    }
}
