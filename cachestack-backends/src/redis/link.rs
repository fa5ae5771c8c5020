//! One connection that is kept open, and who may still use it.
//!
//! A link is in one of three states. While it connects for the first time, or again after it was lost, operations wait for
//! what becomes of that, within their own time. While it is up they use it. Once an attempt has failed, or an operation got
//! no answer in time, it is down: operations fail at once, until one of the attempts that go on in the background succeeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fred::clients::Client;
use tokio::sync::watch;

use super::error;
use super::line::Line;
use super::setup::Setup;
use crate::error::{Error, ErrorKind, Result};

/// After each attempt that failed a link waits a tenth of the time it has been away: so a server that was away for a
/// moment is back within a moment, and one that stays away is asked four times a second.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// A server that refuses our password gets time until it is asked again.
const WAIT_REFUSED: Duration = Duration::from_secs(1);

/// A connection that is made anew each time it is lost, from the first use until the end.
pub(super) struct Link {
    setup: Arc<Setup>,
    state: watch::Sender<State>,
    started: AtomicBool,
}

#[derive(Clone)]
enum State {
    Connecting,
    Up(Arc<Line>),
    Down(Error),
    /// Nobody needs it any more.
    Ended,
    /// And it holds nothing open.
    Gone,
}

impl Link {
    pub(super) fn new(setup: Arc<Setup>) -> Arc<Self> {
        Arc::new(Self {
            setup,
            state: watch::Sender::new(State::Connecting),
            started: AtomicBool::new(false),
        })
    }

    /// What is known before anything is asked; callable from anywhere.
    ///
    /// # Errors
    /// Why the link is down, while it is.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.state.borrow() {
            State::Down(error) => Err(error.clone().unreachable()),
            _ => Ok(()),
        }
    }

    /// The right to ask something; to be called on the I/O thread, as [`start`](Self::start).
    ///
    /// # Errors
    /// Why the link is down.
    pub(super) async fn turn(self: &Arc<Self>, kind: Kind) -> Result<Turn> {
        let line = self.line().await?;
        Ok(Turn {
            link: Arc::clone(self),
            answers: line.answers(),
            line,
            kind,
            over: false,
        })
    }

    async fn line(self: &Arc<Self>) -> Result<Arc<Line>> {
        if let State::Up(line) = &*self.state.borrow() {
            if line.is_open() {
                return Ok(Arc::clone(line));
            }
        }
        self.start();
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Up(line) if line.is_open() => return Ok(Arc::clone(line)),
                // The client has just lost it, which we are told next.
                State::Up(_) | State::Connecting => {}
                State::Down(error) => return Err(error.clone().unreachable()),
                State::Ended | State::Gone => return Err(closed()),
            }
            if states.changed().await.is_err() {
                return Err(closed());
            }
        }
    }

    /// Waits for the end of the first attempt, which this begins.
    ///
    /// # Errors
    /// Why it failed.
    pub(super) async fn first(self: &Arc<Self>) -> Result<()> {
        self.line().await.map(drop)
    }

    fn start(self: &Arc<Self>) {
        if !self.started.swap(true, Ordering::Relaxed) {
            tokio::spawn(keep(Arc::clone(self)));
        }
    }

    /// Ends it, from anywhere; [`gone`](Self::gone) waits until nothing is open any more.
    pub(super) fn end(&self) {
        let started = self.started.swap(true, Ordering::Relaxed);
        if let State::Up(line) = &*self.state.borrow() {
            line.cut();
        }
        self.set(if started { State::Ended } else { State::Gone });
    }

    pub(super) async fn gone(&self) {
        let mut states = self.state.subscribe();
        // The sender is ours, so it does not go.
        let _ = states.wait_for(|state| matches!(state, State::Gone)).await;
    }

    /// Goes to another state, except from the end.
    fn set(&self, next: State) {
        self.state.send_if_modified(|state| {
            let goes_on = match state {
                State::Gone => false,
                State::Ended => matches!(next, State::Gone),
                _ => true,
            };
            if goes_on {
                *state = next;
            }
            goes_on
        });
    }

    /// Closes a connection for good, unless that has been done.
    fn give_up(&self, line: &Arc<Line>, why: Error) {
        line.cut();
        self.state.send_if_modified(|state| {
            let current = matches!(state, State::Up(current) if Arc::ptr_eq(current, line));
            if current {
                *state = State::Down(why);
            }
            current
        });
    }

    async fn ended(&self) {
        let mut states = self.state.subscribe();
        let _ = states
            .wait_for(|state| matches!(state, State::Ended | State::Gone))
            .await;
    }
}

/// Keeps the link's connection open until its end.
async fn keep(link: Arc<Link>) {
    tokio::select! {
        () = link.ended() => {}
        () = keep_on(&link) => {}
    }
    // The line that is cut closes on this thread, before what waits for us goes on.
    tokio::task::yield_now().await;
    link.set(State::Gone);
}

async fn keep_on(link: &Arc<Link>) {
    let mut away_since = Instant::now();
    for attempt in 0.. {
        match Line::connect(&link.setup, attempt).await {
            Ok((line, ends)) => {
                link.set(State::Up(line));
                // Why it ended is told to those whose commands it carried.
                let _ = ends.await;
                away_since = Instant::now();
                lost(link);
            }
            Err(error) => {
                let wait = match error.kind() {
                    ErrorKind::Config => WAIT_REFUSED,
                    _ => (away_since.elapsed() / 10).clamp(SHORTEST_WAIT, LONGEST_WAIT),
                };
                link.set(State::Down(error));
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// The connection went: whoever comes now waits for the next, unless this one was given up.
fn lost(link: &Link) {
    link.state.send_if_modified(|state| {
        let was_up = matches!(state, State::Up(_));
        if was_up {
            *state = State::Connecting;
        }
        was_up
    });
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "this backend was closed")
}

/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

/// One operation's use of a connection. Dropped before its [`end`](Self::end), which is when the operation's time is
/// over, it closes the connection: a write must not take effect later. A read does that only where nobody else was
/// answered meanwhile, which tells a server that hangs from an answer that is long.
pub(super) struct Turn {
    link: Arc<Link>,
    line: Arc<Line>,
    answers: u64,
    kind: Kind,
    over: bool,
}

impl Turn {
    pub(super) fn client(&self) -> &Client {
        self.line.client()
    }

    /// The server answered, or the client said why it did not; gives the result as ours.
    ///
    /// # Errors
    /// Those of `result`.
    pub(super) fn end<T>(mut self, result: Result<T, fred::error::Error>) -> Result<T> {
        self.over = true;
        match result {
            Ok(answer) => {
                self.line.answered();
                Ok(answer)
            }
            Err(refused) => {
                let error = error::refused(&refused);
                match error::is_of_another_role(&refused) {
                    true => self.link.give_up(&self.line, error.clone()),
                    false => self.line.answered(),
                }
                Err(error)
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.over || (self.kind == Kind::Read && self.line.answers() != self.answers) {
            return;
        }
        let message = format!("{} does not answer in time", self.link.setup.dsn);
        let error = Error::new(ErrorKind::Unavailable, message);
        self.link.give_up(&self.line, error);
    }
}
