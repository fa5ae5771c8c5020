//! Look-ups that come at the same time, and go to the server in one turn.
//!
//! A look-up that comes while nothing else is asked of the server goes at once. Those that come while something is wait
//! until the I/O thread has gone through all that is there to do, and until a connection is free, and then go together:
//! so many callers cost the server, and the thread, little more than one does. Nobody waits for an answer that was under
//! way before he came. Where values are long fewer go together, so that a turn takes no longer than it may.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::connection::Values;
use super::store::Place;
use crate::error::Result;

/// How many keys of several callers go in one turn, as the answer to it is one for all of them.
const MOST: usize = 128;
/// How many bytes of values they may have, by what the last answers had.
const MOST_BYTES: usize = 256 << 10;
/// What a value is taken to have at first.
const FIRST_GUESS: usize = 8 << 10;

/// What one caller wants to know from one server.
pub(super) struct Request {
    pub(super) places: Arc<[Place]>,
    since: Instant,
    answer: oneshot::Sender<Result<Arc<Values>>>,
}

impl Request {
    pub(super) fn answer(self, found: Result<Arc<Values>>) {
        // Nobody listens any more when the caller's time is over.
        let _ = self.answer.send(found);
    }
}

/// The look-ups of one server.
#[derive(Default)]
pub(super) struct Gathering(Mutex<State>);

struct State {
    under_way: usize,
    /// By when they came.
    waiting: VecDeque<Request>,
    /// How many bytes a value may have: the longest one lately.
    longest: usize,
    /// Whether somebody will take those that wait.
    is_called: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            under_way: 0,
            waiting: VecDeque::new(),
            longest: FIRST_GUESS,
            is_called: false,
        }
    }
}

/// What a look-up is to do.
pub(super) enum Way<'a> {
    /// Ask the server itself.
    Alone(UnderWay<'a>),
    /// Wait for this, and have somebody take all that wait when that is told.
    Together(oneshot::Receiver<Result<Arc<Values>>>, bool),
}

impl Gathering {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn way(&self, places: &Arc<[Place]>) -> Way<'_> {
        let mut state = self.state();
        if state.under_way == 0 || places.len() > MOST {
            state.under_way += 1;
            return Way::Alone(UnderWay(self));
        }
        let (answer, answered) = oneshot::channel();
        state.waiting.push_back(Request {
            places: Arc::clone(places),
            since: Instant::now(),
            answer,
        });
        let is_first = !std::mem::replace(&mut state.is_called, true);
        Way::Together(answered, is_first)
    }

    /// As many of those that wait as go in one turn, less those whose callers have given up; and whether others are left,
    /// for whom the same is to be done.
    pub(super) fn take(&self) -> (Vec<Request>, UnderWay<'_>, bool) {
        let mut state = self.state();
        let most = (MOST_BYTES / state.longest).clamp(1, MOST);
        let (mut taken, mut keys) = (Vec::new(), 0);
        while let Some(next) = state.waiting.pop_front() {
            if next.answer.is_closed() {
                continue;
            }
            keys += next.places.len();
            if keys > most && !taken.is_empty() {
                state.waiting.push_front(next);
                break;
            }
            taken.push(next);
        }
        state.is_called = !state.waiting.is_empty();
        state.under_way += 1;
        (taken, UnderWay(self), state.is_called)
    }

    /// Those that have waited for so long; and whether others are left, for whom somebody is to be called.
    pub(super) fn take_late(&self, patience: Duration) -> (Vec<Request>, bool) {
        let mut state = self.state();
        let is_late = |request: &Request| request.since.elapsed() >= patience;
        let late = state.waiting.iter().take_while(|it| is_late(it)).count();
        let taken = state.waiting.drain(..late).collect();
        state.is_called = !state.waiting.is_empty();
        (taken, state.is_called)
    }

    /// What a turn has answered, by which the next are measured.
    pub(super) fn note(&self, values: &Values) {
        let longest = values.values().map(Vec::len).max();
        let mut state = self.state();
        let before = state.longest - state.longest / 8;
        state.longest = longest.map_or(state.longest, |longest| longest.max(before).max(1));
    }
}

/// A turn with the server.
pub(super) struct UnderWay<'a>(&'a Gathering);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Key, Namespace};
    use crate::memcached::names::Name;

    type Answered = oneshot::Receiver<Result<Arc<Values>>>;

    fn places(count: usize) -> Arc<[Place]> {
        let key = Key::new(&Namespace::default(), "a");
        let names = Name::of_each(std::iter::repeat_n(&key, count));
        let place = |name| Place {
            key: key.clone(),
            digest: key.digest(),
            name,
            server: 0,
        };
        names.map(place).collect()
    }

    /// So many who have come while something was under way; the first is to call somebody.
    fn waiting(gathering: &Gathering, callers: usize) -> (UnderWay<'_>, Vec<Answered>) {
        let one = places(1);
        let Way::Alone(under_way) = gathering.way(&one) else {
            panic!("nothing was under way");
        };
        let come = |caller| match gathering.way(&one) {
            Way::Together(answered, is_first) => {
                assert_eq!(is_first, caller == 0);
                answered
            }
            Way::Alone(_) => panic!("something is under way"),
        };
        let answers = (0..callers).map(come).collect();
        (under_way, answers)
    }

    #[test]
    fn nobody_asks_for_those_who_have_gone() {
        let gathering = Gathering::default();
        let (_first, mut answers) = waiting(&gathering, 3);
        drop(answers.remove(1));
        let (taken, _under_way, are_left) = gathering.take();
        assert_eq!((taken.len(), are_left), (2, false));
        let others = gathering.way(&places(1));
        assert!(matches!(others, Way::Together(_, true)));
    }

    #[test]
    fn fewer_go_together_where_values_are_long() {
        for (bytes, expected) in [(100, MOST), (64 << 10, 4), (1 << 20, 1)] {
            let gathering = Gathering::default();
            (0..100)
                .for_each(|_| gathering.note(&Values::from([("a".to_owned(), vec![0; bytes])])));
            let (_first, _answers) = waiting(&gathering, MOST + 1);
            let (taken, _under_way, are_left) = gathering.take();
            assert_eq!((taken.len(), are_left), (expected, true), "{bytes} bytes");
        }
    }

    #[test]
    fn no_connection_is_told_to_those_who_have_waited_for_one() {
        let gathering = Gathering::default();
        let (_first, mut answers) = waiting(&gathering, 1);
        let long = Duration::from_secs(60);
        gathering.state().waiting[0].since -= long;
        let Way::Together(_later, false) = gathering.way(&places(1)) else {
            panic!("somebody waits already");
        };
        let (late, are_left) = gathering.take_late(long);
        assert_eq!((late.len(), are_left), (1, true));
        drop(late);
        assert!(answers.remove(0).try_recv().is_err());
        let (late, are_left) = gathering.take_late(Duration::ZERO);
        assert_eq!((late.len(), are_left), (1, false));
    }
}
