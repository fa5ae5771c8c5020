//! Sleeping by a clock, be it the machine's or one that a test moves.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::manual::Manual;
use super::{Clock, Moment};
use crate::runtime::{Sleep, sleep};

/// A future that is ready when that clock has come to that moment. Nothing runs until it is first polled.
pub fn alarm(clock: &Clock, at: Moment) -> Alarm {
    Alarm(match clock.manual_one() {
        None => By::Machine(sleep(at.since(clock.now()))),
        Some(manual) => By::Hand {
            manual: Arc::clone(manual),
            at,
            ticket: None,
        },
    })
}

/// See [`alarm`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Alarm(By);

enum By {
    Machine(Sleep),
    Hand {
        manual: Arc<Manual>,
        at: Moment,
        ticket: Option<u64>,
    },
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            By::Machine(sleep) => Pin::new(sleep).poll(context),
            By::Hand { manual, at, ticket } => {
                *ticket = manual.register(*at, *ticket, context.waker());
                match ticket {
                    Some(_) => Poll::Pending,
                    None => Poll::Ready(()),
                }
            }
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let By::Hand {
            manual,
            at,
            ticket: Some(ticket),
        } = &self.0
        {
            manual.forget(*at, *ticket);
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::runtime::{block_on, poll_once};

    const SECOND: Duration = Duration::from_secs(1);

    fn asleep(clock: &Clock) -> usize {
        clock.manual_one().unwrap().asleep()
    }

    #[test]
    fn a_sleeper_wakes_when_the_clock_is_moved_and_not_before() {
        let clock = Clock::manual();
        let at = clock.now().checked_add(SECOND).unwrap();
        let sleeper = std::thread::spawn({
            let clock = clock.clone();
            move || {
                block_on(alarm(&clock, at));
                clock.now()
            }
        });
        while asleep(&clock) == 0 {
            std::thread::yield_now();
        }
        clock.advance(SECOND / 2);
        assert_eq!(asleep(&clock), 1);
        clock.advance(SECOND / 2);
        assert_eq!(sleeper.join().unwrap(), at);
        assert_eq!(asleep(&clock), 0);
    }

    #[test]
    fn a_sleeper_that_goes_leaves_nothing_behind_and_a_late_one_does_not_sleep() {
        let clock = Clock::manual();
        let at = clock.now().checked_add(SECOND).unwrap();
        let mut sleeper = Box::pin(alarm(&clock, at));
        assert!(poll_once(sleeper.as_mut()).is_none());
        assert!(poll_once(sleeper.as_mut()).is_none());
        assert_eq!(asleep(&clock), 1);
        drop(sleeper);
        assert_eq!(asleep(&clock), 0);
        clock.advance(SECOND);
        assert!(poll_once(alarm(&clock, at)).is_some());
        clock.advance(Duration::MAX);
        assert!(clock.now() > at);
    }

    #[test]
    fn by_the_machine_it_is_real_time() {
        let clock = Clock::system();
        let at = clock.now().checked_add(SECOND / 100).unwrap();
        block_on(alarm(&clock, at));
        assert!(clock.now() >= at);
    }
}
