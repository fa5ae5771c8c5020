//! Look-ups that come at the same time, and go to the server in one turn.
//!
//! A look-up that comes while nothing else is asked of the server goes at once. Those that come while something is wait
//! until the I/O thread has gone through all that is there to do, and until a connection is free, and then go together:
//! so many callers cost the server, and the thread, little more than one does, and nobody waits for the answer to a
//! question of somebody else's before his own is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::connection::Values;
use super::store::Place;
use crate::error::Result;

/// How many keys of several callers go in one turn, as the answer to it is one for all of them.
const MOST: usize = 128;

/// What one caller wants to know from one server.
pub(super) struct Request {
    pub(super) places: Arc<[Place]>,
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

#[derive(Default)]
struct State {
    under_way: usize,
    waiting: VecDeque<Request>,
    /// Whether somebody will take those that wait.
    is_called: bool,
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
            answer,
        });
        let is_first = !std::mem::replace(&mut state.is_called, true);
        Way::Together(answered, is_first)
    }

    /// As many of those that wait as go in one turn, less those whose callers have given up; and whether others are left,
    /// for whom the same is to be done.
    pub(super) fn take(&self) -> (Vec<Request>, UnderWay<'_>, bool) {
        let mut state = self.state();
        let (mut taken, mut keys) = (Vec::new(), 0);
        while let Some(next) = state.waiting.pop_front() {
            if next.answer.is_closed() {
                continue;
            }
            keys += next.places.len();
            if keys > MOST && !taken.is_empty() {
                state.waiting.push_front(next);
                break;
            }
            taken.push(next);
        }
        state.is_called = !state.waiting.is_empty();
        state.under_way += 1;
        (taken, UnderWay(self), state.is_called)
    }
}

/// A turn with the server.
pub(super) struct UnderWay<'a>(&'a Gathering);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}
