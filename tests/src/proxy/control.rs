//! What a proxy's connections share: the counts, and what is to be done to answers.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::link::Ends;
use crate::servers::Address;

/// Shared by a proxy and its connections.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) server: Address,
    state: Mutex<State>,
    /// Told when answers that wait may go on, or need not any more.
    pub(super) changed: Condvar,
    /// How many answers have come and were not handed on.
    pub(super) waiting: watch::Sender<usize>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) counts: Counts,
    pub(super) delay: Duration,
    pub(super) holds: usize,
    /// For the next answer that begins.
    pub(super) cut: Option<usize>,
    pub(super) links: HashMap<usize, Link>,
    next: usize,
    /// How often all connections were closed.
    pub(super) closings: usize,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) turns: usize,
    pub(super) connections: usize,
    pub(super) bytes_of_clients: usize,
    pub(super) bytes_of_server: usize,
    pub(super) cuts: usize,
}

/// What is known of one open connection.
#[derive(Debug)]
pub(super) struct Link {
    ends: Ends,
    /// The client has been told something, or nothing was said yet, since its last turn began.
    told: bool,
    /// The client said something since the server last did.
    asked: bool,
    /// Answers that have come and were not handed on.
    waiting: usize,
    /// How many bytes more the client gets.
    cut: Option<usize>,
}

/// A piece of an answer on its way.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    due: Instant,
    /// It is the first of its answer.
    begins: bool,
}

/// What a client gets of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    All,
    /// So many bytes, and the connection's end.
    Cut(usize),
    Closed,
}

impl Control {
    pub(super) fn new(server: Address) -> Self {
        Self {
            server,
            state: Mutex::default(),
            changed: Condvar::new(),
            waiting: watch::Sender::new(0),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection is open now; gives its name. One that was taken before the last closing of all is closed with them.
    pub(super) fn opened(&self, ends: Ends, closings: usize) -> Option<usize> {
        let mut state = self.lock();
        if state.closings != closings {
            ends.close();
            return None;
        }
        state.next += 1;
        let id = state.next;
        let link = Link {
            ends,
            told: true,
            asked: false,
            waiting: 0,
            cut: None,
        };
        state.links.insert(id, link);
        Some(id)
    }

    /// Closes one connection on both sides, if it is open.
    pub(super) fn close(&self, id: usize) {
        let link = self.lock().links.remove(&id);
        self.bury(link);
    }

    /// Closes all connections.
    pub(super) fn close_all(&self) {
        let mut state = self.lock();
        state.closings += 1;
        let links: Vec<Link> = state.links.drain().map(|(_, link)| link).collect();
        drop(state);
        links.into_iter().for_each(|link| self.bury(Some(link)));
    }

    fn bury(&self, link: Option<Link>) {
        if let Some(link) = link {
            link.ends.close();
            self.waiting.send_modify(|count| *count -= link.waiting);
            self.changed.notify_all();
        }
    }

    /// Bytes of a client have come.
    pub(super) fn asked(&self, id: usize, bytes: usize) {
        let mut state = self.lock();
        let State { counts, links, .. } = &mut *state;
        counts.bytes_of_clients += bytes;
        if let Some(link) = links.get_mut(&id) {
            counts.turns += usize::from(link.told);
            link.told = false;
            link.asked = true;
        }
    }

    /// Bytes of the server have come.
    pub(super) fn answered(&self, id: usize, bytes: &[u8]) -> Piece {
        let mut state = self.lock();
        let due = Instant::now() + state.delay;
        let begins = state.links.get_mut(&id).is_some_and(|link| {
            let begins = std::mem::take(&mut link.asked);
            link.waiting += usize::from(begins);
            begins
        });
        if begins {
            self.waiting.send_modify(|count| *count += 1);
        }
        Piece {
            bytes: bytes.to_vec(),
            due,
            begins,
        }
    }

    /// Waits until a piece may be handed on, and counts it as if it were.
    pub(super) fn hand_on(&self, id: usize, piece: &Piece) -> Verdict {
        let mut state = self.wait_until_due(id, piece.due);
        let State {
            counts, links, cut, ..
        } = &mut *state;
        let Some(link) = links.get_mut(&id) else {
            return Verdict::Closed;
        };
        if piece.begins {
            link.waiting -= 1;
            self.waiting.send_modify(|count| *count -= 1);
            link.cut = link.cut.or(cut.take());
        }
        // Only now, and before the client can act on it: what it says next is a turn.
        link.told = true;
        let length = piece.bytes.len();
        let verdict = match link.cut {
            Some(left) if left <= length => Verdict::Cut(left),
            left => {
                link.cut = left.map(|left| left - length);
                Verdict::All
            }
        };
        counts.cuts += usize::from(matches!(verdict, Verdict::Cut(_)));
        counts.bytes_of_server += match verdict {
            Verdict::Cut(left) => left,
            _ => length,
        };
        verdict
    }

    /// Waits for the end of the delay and of all holds, or for that of the connection.
    fn wait_until_due(&self, id: usize, due: Instant) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while state.links.contains_key(&id) {
            let left = due.saturating_duration_since(Instant::now());
            state = match (state.holds, left) {
                (0, Duration::ZERO) => return state,
                (0, left) => {
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                _ => {
                    let waited = self.changed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
        state
    }
}
