//! The connections to one server.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::address::Address;
use super::connection::{Answer, Connection, Turn};
use super::error::{Trouble, connects_slowly, silent, unreachable};
use super::socket::Socket;
use crate::error::{Error, ErrorKind, Result};
use crate::network::timed_out;

/// A connection that nobody used for so long is not used again: what stands between may have forgotten it.
const LONGEST_IDLE: Duration = Duration::from_secs(60);
/// One of several servers that did not answer is not asked for so long, so that its keys do not cost every
/// caller the whole timeout.
const AWAY: Duration = Duration::from_millis(250);

/// As many connections as were needed at once, at most; each belongs to one turn at a time.
pub(super) struct Pool {
    pub(super) server: Address,
    connect_timeout: Duration,
    /// How long an operation waits for a connection.
    patience: Duration,
    longest_value: u64,
    size: usize,
    /// Whether there is no other server: when this one is away, the whole store is.
    is_alone: bool,
    /// One for each connection that may be in use.
    permits: Semaphore,
    idle: Mutex<Idle>,
    /// When it last did not answer, until it does.
    silent_since: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Idle {
    /// The one used last is the next.
    connections: Vec<(Connection, Instant)>,
    closed: bool,
}

impl Pool {
    pub(super) fn new(
        server: Address,
        size: usize,
        [timeout, connect_timeout]: [Duration; 2],
        longest_value: u64,
    ) -> Self {
        Self {
            server,
            connect_timeout,
            patience: timeout - timeout / 4,
            longest_value,
            size,
            is_alone: false,
            permits: Semaphore::new(size),
            idle: Mutex::default(),
            silent_since: Mutex::default(),
        }
    }

    /// The same to the only server there is.
    pub(super) fn alone(mut self, is_alone: bool) -> Self {
        self.is_alone = is_alone;
        self
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One turn on a connection of its own. Dropped in the middle, it closes that connection.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) when the server is away or answers what it should not;
    /// [`Timeout`](ErrorKind::Timeout) when it is slow to connect to.
    pub(super) async fn turn(&self, turn: &Turn<'_>) -> Result<Answer> {
        self.ready().await?.turn(turn).await
    }

    /// Asks the server who it is.
    ///
    /// # Errors
    /// As [`turn`](Self::turn), but [`Config`](ErrorKind::Config) when that is no server of ours to use.
    pub(super) async fn greet(&self) -> Result<()> {
        match self.try_turn(&Turn::default()).await {
            Ok(_) => Ok(()),
            Err(Failed::Connecting(error)) => Err(error),
            Err(Failed::Talking(trouble)) if trouble.is_refusal() => {
                let refused = trouble.at(&self.server);
                Err(Error::new(ErrorKind::Config, refused.message().to_owned()))
            }
            Err(Failed::Talking(trouble)) => Err(trouble.at(&self.server)),
        }
    }

    /// Waits until a connection is free, or may be opened, for as long as most of an operation's time.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) when that takes too long.
    pub(super) async fn ready(&self) -> Result<Ready<'_>> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => Some(permit),
            // It is never closed.
            Err(_) => match timeout(self.patience, self.permits.acquire()).await {
                Ok(permit) => permit.ok(),
                Err(_) => return Err(timed_out(self.patience, "no connection was free")),
            },
        };
        Ok(Ready {
            pool: self,
            _permit: permit,
        })
    }

    /// How long an operation waits for a connection.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    async fn try_turn(&self, turn: &Turn<'_>) -> Result<Answer, Failed> {
        let _ready = self.ready().await.map_err(Failed::Connecting)?;
        self.begin(turn).await
    }

    async fn begin(&self, turn: &Turn<'_>) -> Result<Answer, Failed> {
        let mut asking = self.ask()?;
        let answer = self.take_turn(turn).await;
        asking.answered = answer.is_ok();
        answer
    }

    fn silent_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.silent_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a turn, unless the server did not answer just now and there are others: of a lone one the
    /// stack above takes note, and asks less of it.
    fn ask(&self) -> Result<Asking<'_>, Failed> {
        let since = *self.silent_since();
        match since.is_some_and(|since| !self.is_alone && since.elapsed() < AWAY) {
            true => Err(Failed::Connecting(silent(&self.server))),
            false => Ok(Asking {
                pool: self,
                answered: false,
            }),
        }
    }

    async fn take_turn(&self, turn: &Turn<'_>) -> Result<Answer, Failed> {
        let mut may_have_begun = false;
        if let Some(mut used) = self.take() {
            match used.turn(turn).await {
                Ok(answer) => {
                    self.keep(used);
                    return Ok(answer);
                }
                // The server was restarted, or closed what was idle. Each turn can be done twice: values
                // are deleted before they are added, and a generation that is there already is as good.
                Err(trouble) if trouble.is_gone() && !used.answered() => {
                    may_have_begun = true;
                    self.forget_idle();
                }
                Err(trouble) => return Err(Failed::Talking(trouble)),
            }
        }
        let mut fresh = self.open().await.map_err(|error| {
            Failed::Connecting(match self.is_alone && !may_have_begun {
                true => error.unreachable(),
                false => error,
            })
        })?;
        let answer = fresh.turn(turn).await.map_err(Failed::Talking)?;
        self.keep(fresh);
        Ok(answer)
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some((connection, since)) = idle.connections.pop() {
            if since.elapsed() < LONGEST_IDLE && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle();
        if !idle.closed {
            idle.connections.push((connection, Instant::now()));
        }
    }

    fn forget_idle(&self) {
        let forgotten = std::mem::take(&mut self.idle().connections);
        drop(forgotten);
    }

    async fn open(&self) -> Result<Connection> {
        let opened = Socket::open(&self.server);
        match timeout(self.connect_timeout, opened).await {
            Ok(Ok(socket)) => Ok(Connection::new(socket, self.longest_value)),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidInput => {
                let message = format!("`{}` is no address to connect to", self.server);
                Err(Error::new(ErrorKind::Config, message).with_source(error))
            }
            Ok(Err(error)) => Err(unreachable(&self.server, error)),
            Err(_) => Err(connects_slowly(&self.server, self.connect_timeout)),
        }
    }

    /// Waits for the turns that are under way, and closes all connections.
    pub(super) async fn close(&self) {
        let all = u32::try_from(self.size).unwrap_or(u32::MAX);
        let _all = self.permits.acquire_many(all).await;
        self.close_now();
    }

    /// Closes the connections that are idle, and the others when their turns end.
    pub(super) fn close_now(&self) {
        self.idle().closed = true;
        self.forget_idle();
    }
}

/// The right to one turn on a connection.
pub(super) struct Ready<'a> {
    pool: &'a Pool,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Ready<'_> {
    /// As [`Pool::turn`].
    ///
    /// # Errors
    /// As there.
    pub(super) async fn turn(self, turn: &Turn<'_>) -> Result<Answer> {
        let server = &self.pool.server;
        self.pool.begin(turn).await.map_err(|failed| match failed {
            Failed::Connecting(error) => error,
            Failed::Talking(trouble) => trouble.at(server),
        })
    }
}

/// A turn under way. Dropped without an answer, because its time is over, it says that the server is silent.
struct Asking<'a> {
    pool: &'a Pool,
    answered: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        *self.pool.silent_since() = (!self.answered).then(Instant::now);
    }
}

enum Failed {
    Connecting(Error),
    Talking(Trouble),
}
