//! Connections: a few that are kept open, each with one operation at a time.
//!
//! The client's own pool asks the server again after each operation and goes on trying while connections are refused;
//! both would cost every call. Here a connection is asked only what is wanted, and a refusal ends the wait of all who
//! have nothing else to wait for. Connecting goes on when the operation that wanted it has run out of time, so a slow
//! server is reached in the end.
//!
//! All of it runs on the library's I/O thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::error;
use super::lease::Lease;
use crate::error::{Error, Result};

/// A connection that nobody wants for so long is closed.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// A connection of that age is closed: a session of the server only grows.
const AGE: Duration = Duration::from_secs(30 * 60);

/// What bounds the connections of one backend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) connect_timeout: Duration,
}

pub(super) struct Pool {
    options: PgConnectOptions,
    limits: Limits,
    state: Mutex<State>,
    /// Told whenever a connection of a closed pool is gone.
    gone: Notify,
}

#[derive(Default)]
struct State {
    /// The one used last is used next, so that those not needed grow old.
    idle: Vec<Kept>,
    waiting: VecDeque<oneshot::Sender<Result<Lease>>>,
    /// Idle ones and leases.
    open: usize,
    connecting: usize,
    is_closed: bool,
    is_watched: bool,
}

struct Kept {
    connection: PgConnection,
    born: Instant,
    since: Instant,
}

impl Pool {
    pub(super) fn new(options: PgConnectOptions, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            options,
            limits,
            state: Mutex::default(),
            gone: Notify::new(),
        })
    }

    /// How many connections there may be.
    pub(super) fn max(&self) -> usize {
        self.limits.max
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection for one operation.
    ///
    /// # Errors
    /// When none can be opened, or none comes free within `connect_timeout`.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease> {
        let waiter = {
            let mut state = self.state();
            if state.is_closed {
                return Err(error::closed());
            }
            if let Some(kept) = state.idle.pop() {
                return Ok(Lease::of(self, kept.connection, kept.born, true));
            }
            let (sender, waiter) = oneshot::channel();
            state.waiting.push_back(sender);
            self.open_more(&mut state);
            waiter
        };
        let within = self.limits.connect_timeout;
        match timeout(within, waiter).await {
            Ok(Ok(lease)) => lease,
            Ok(Err(_)) => Err(error::closed()),
            Err(_) => Err(error::no_connection(within, self.limits.max)),
        }
    }

    /// Connects for those who wait, and up to the fewest that are to be open.
    fn open_more(self: &Arc<Self>, state: &mut State) {
        if state.open + state.connecting >= self.limits.max {
            return;
        }
        state.waiting.retain(|waiter| !waiter.is_closed());
        let missing = self.limits.min.saturating_sub(state.open);
        let wanted = state.waiting.len().max(missing);
        while state.connecting < wanted && state.open + state.connecting < self.limits.max {
            let Ok(runtime) = tokio::runtime::Handle::try_current() else {
                // The I/O thread is ending, and whoever waits with it.
                return;
            };
            state.connecting += 1;
            runtime.spawn(Arc::clone(self).connect());
        }
    }

    async fn connect(self: Arc<Self>) {
        let within = self.limits.connect_timeout;
        let connected = match timeout(within, self.options.connect()).await {
            Ok(connected) => connected.map_err(error::refused),
            Err(_) => Err(error::no_connection(within, self.limits.max)),
        };
        match connected.map_err(Error::unreachable) {
            Ok(connection) => {
                let mut state = self.state();
                state.connecting -= 1;
                state.open += 1;
                drop(state);
                self.hand_over(Lease::of(&self, connection, Instant::now(), false));
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Ends the wait of all when nothing is left that could serve them.
    fn failed(&self, error: &Error) {
        let mut state = self.state();
        state.connecting -= 1;
        if state.open + state.connecting == 0 {
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            for waiter in waiting {
                // One that does not wait any more needs no answer.
                let _ = waiter.send(Err(error.clone()));
            }
        }
        self.gone.notify_one();
    }

    /// To who waits longest, or to the idle ones.
    pub(super) fn hand_over(self: &Arc<Self>, mut lease: Lease) {
        loop {
            let waiter = {
                let mut state = self.state();
                let waiter = match state.is_closed {
                    true => None,
                    false => state.waiting.pop_front(),
                };
                if waiter.is_none() {
                    let Some((connection, born)) = lease.take() else {
                        return;
                    };
                    let is_old = born.elapsed() >= AGE;
                    if state.is_closed || is_old {
                        drop(state);
                        self.say_goodbye(connection);
                    } else {
                        let since = Instant::now();
                        state.idle.push(Kept {
                            connection,
                            born,
                            since,
                        });
                        self.watch(&mut state);
                    }
                    return;
                }
                waiter
            };
            match waiter.map(|waiter| waiter.send(Ok(lease))) {
                Some(Err(Ok(back))) => lease = back,
                _ => return,
            }
        }
    }

    /// Closes a connection that is in order, so that the server need not find out by itself.
    fn say_goodbye(self: &Arc<Self>, connection: PgConnection) {
        let pool = Arc::clone(self);
        let goodbye = async move {
            // What the server makes of it is its own affair.
            let _ = timeout(pool.limits.connect_timeout, connection.close()).await;
            pool.lost();
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(goodbye)),
            Err(_) => self.lost(),
        }
    }

    /// A connection is no more.
    pub(super) fn lost(self: &Arc<Self>) {
        let mut state = self.state();
        state.open -= 1;
        if !state.is_closed {
            self.open_more(&mut state);
        }
        drop(state);
        self.gone.notify_one();
    }

    /// Closes all idle connections, which the server has most likely closed too.
    pub(super) fn forget_idle(self: &Arc<Self>) {
        let idle = std::mem::take(&mut self.state().idle);
        for kept in idle {
            drop(kept);
            self.lost();
        }
    }

    /// Starts a task that closes what nobody wants; it ends when nothing is left to close.
    fn watch(self: &Arc<Self>, state: &mut State) {
        if state.is_watched {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        state.is_watched = true;
        let pool = Arc::downgrade(self);
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(IDLE).await;
                let Some(pool) = pool.upgrade() else {
                    return;
                };
                if !pool.close_unwanted() {
                    return;
                }
            }
        });
    }

    fn close_unwanted(self: &Arc<Self>) -> bool {
        let mut state = self.state();
        let spare = state.open.saturating_sub(self.limits.min);
        // The oldest come first.
        let old = state.idle.iter().take(spare);
        let old = old.take_while(|kept| kept.since.elapsed() >= IDLE).count();
        let unwanted: Vec<Kept> = state.idle.drain(..old).collect();
        state.is_watched = !state.idle.is_empty();
        let goes_on = state.is_watched;
        drop(state);
        for kept in unwanted {
            self.say_goodbye(kept.connection);
        }
        goes_on
    }

    /// Ends the wait of all, and closes each connection as it comes back. Ends when all are closed.
    pub(super) async fn close(self: &Arc<Self>) {
        let (idle, waiting) = {
            let mut state = self.state();
            state.is_closed = true;
            (
                std::mem::take(&mut state.idle),
                std::mem::take(&mut state.waiting),
            )
        };
        drop(waiting);
        for kept in idle {
            self.say_goodbye(kept.connection);
        }
        while self.is_in_use() {
            self.gone.notified().await;
        }
    }

    fn is_in_use(&self) -> bool {
        let state = self.state();
        state.open + state.connecting > 0
    }
}
