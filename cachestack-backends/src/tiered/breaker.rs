//! Whether a layer is worth asking: after a few time-outs in a row, or one refused connection, calls are
//! turned away at once until the layer has answered a probe.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::{Clock, Moment};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::Counter;

/// How long after it opened a breaker lets a caller probe, where nothing probes in the background.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Breaker {
    /// How many time-outs in a row open it.
    failures: u32,
    /// Whether callers probe.
    by_callers: bool,
    clock: Clock,
    state: Mutex<State>,
    pub(super) opened: Counter,
    pub(super) rejected: Counter,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Closed { failures: u32 },
    Open { since: Since },
    Probing { since: Since },
}

/// A time by the world's clock, as an outage is the world's, and by the cache's, which a test may move.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Since(Instant, Moment);

impl Since {
    fn now(clock: &Clock) -> Self {
        Self(Instant::now(), clock.now())
    }

    /// Whether so long has passed by either.
    fn has_passed(self, time: Duration, clock: &Clock) -> bool {
        self.0.elapsed() >= time || clock.now().since(self.1) >= time
    }
}

/// What an operation said of the layer's health.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Health {
    /// It answered.
    Answered,
    /// It did not answer in time.
    Slow,
    /// There is no connection to it.
    Away,
    /// Nothing either way.
    Unknown,
}

impl Health {
    pub(super) fn of<R>(outcome: &Result<R>) -> Self {
        match outcome {
            Ok(_) => Self::Answered,
            Err(error) if error.is_unreachable() => Self::Away,
            Err(error) if error.kind() == ErrorKind::Timeout => Self::Slow,
            Err(_) => Self::Unknown,
        }
    }
}

impl Breaker {
    pub(super) fn new(failures: u32, by_callers: bool, clock: Clock) -> Self {
        Self {
            failures,
            by_callers,
            clock,
            state: Mutex::new(State::Closed { failures: 0 }),
            opened: Counter::default(),
            rejected: Counter::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call through, or says why not.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) and unreachable while it is open.
    pub(super) fn admit(&self) -> Result<()> {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => return Ok(()),
            State::Open { since } | State::Probing { since }
                if self.by_callers && since.has_passed(PAUSE, &self.clock) =>
            {
                // One caller probes. It may be dropped meanwhile; after another pause the next one does.
                *state = State::Probing {
                    since: Since::now(&self.clock),
                };
                return Ok(());
            }
            State::Open { .. } | State::Probing { .. } => {}
        }
        drop(state);
        self.rejected.add(1);
        Err(rejected())
    }

    /// Takes note of what an operation said; `true` when that opened the breaker.
    pub(super) fn note(&self, health: Health) -> bool {
        let mut state = self.lock();
        let next = match (*state, health) {
            (_, Health::Unknown) => return false,
            (_, Health::Answered) => State::Closed { failures: 0 },
            (State::Closed { failures }, Health::Slow) if failures + 1 < self.failures => {
                State::Closed {
                    failures: failures + 1,
                }
            }
            // What was under way when it opened says nothing new.
            (State::Open { .. }, _) => return false,
            (State::Closed { .. } | State::Probing { .. }, Health::Slow | Health::Away) => {
                State::Open {
                    since: Since::now(&self.clock),
                }
            }
        };
        let opened = matches!(*state, State::Closed { .. }) && matches!(next, State::Open { .. });
        *state = next;
        drop(state);
        if opened {
            self.opened.add(1);
        }
        opened
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.lock(), State::Closed { .. })
    }

    /// In a word, for stats.
    pub(super) fn word(&self) -> &'static str {
        match *self.lock() {
            State::Closed { .. } => "closed",
            State::Open { .. } => "open",
            State::Probing { .. } => "half_open",
        }
    }

    /// Probes are made in the background: the breaker stays as it is for callers.
    pub(super) fn probing(&self) {
        let mut state = self.lock();
        if let State::Open { since } = *state {
            *state = State::Probing { since };
        }
    }
}

fn rejected() -> Error {
    let message = "the layer did not answer of late, and is not asked until it does";
    Error::new(ErrorKind::Unavailable, message).unreachable()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_outs_in_a_row_open_it_and_an_answer_closes_it() {
        let breaker = Breaker::new(3, false, Clock::system());
        for health in [Health::Slow, Health::Slow, Health::Answered, Health::Slow] {
            assert!(!breaker.note(health));
        }
        assert!(!breaker.note(Health::Slow));
        assert!(!breaker.note(Health::Unknown));
        breaker.admit().unwrap();
        assert!(breaker.note(Health::Slow));
        let error = breaker.admit().unwrap_err();
        assert!(error.is_unreachable());
        assert_eq!(breaker.word(), "open");
        breaker.probing();
        assert!(breaker.admit().is_err());
        assert!(!breaker.note(Health::Slow));
        assert_eq!(breaker.word(), "open");
        breaker.note(Health::Answered);
        breaker.admit().unwrap();
        assert_eq!((breaker.opened.get(), breaker.rejected.get()), (1, 2));
    }

    #[test]
    fn one_refused_connection_opens_it() {
        let breaker = Breaker::new(3, false, Clock::system());
        assert!(breaker.note(Health::Away));
        assert!(breaker.admit().is_err());
    }

    #[test]
    fn where_nothing_else_does_one_caller_probes_after_a_pause() {
        let clock = Clock::manual();
        let breaker = Breaker::new(1, true, clock.clone());
        assert!(breaker.note(Health::Slow));
        assert!(breaker.admit().is_err());
        clock.advance(PAUSE);
        breaker.admit().unwrap();
        assert!(breaker.admit().is_err(), "a second one does not");
        assert!(!breaker.note(Health::Slow));
        assert!(breaker.admit().is_err());
    }
}
