//! The one place that knows the protocol crate: a turn of commands on a connection.

use std::collections::HashMap;

use memcache_async::ascii::Protocol;
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::Trouble;
use super::reply::Status;
use super::socket::Socket;
use super::wire::{Last, Wire};

/// What the server is told before the last command of a turn.
#[derive(Debug)]
pub(super) enum Command<'a> {
    /// Without an answer.
    Delete(&'a str),
    /// Answered by a [`Status`].
    Add {
        key: &'a str,
        value: &'a [u8],
        /// As the protocol has it: 0 is never, up to 30 days from now, beyond that a Unix time.
        expiry: u32,
    },
}

/// All that is said on a connection until it is quiet again. Commands that answer nothing are confirmed by the
/// answer to the last one, as a server goes through them in order.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    pub(super) commands: Vec<Command<'a>>,
    /// The keys whose values are asked for at the end, in ascending order, each once. When there are none,
    /// it is the server's version.
    pub(super) asked: Vec<&'a str>,
}

/// The values that were found, by their keys on the server.
pub(super) type Values = HashMap<String, Vec<u8>>;

#[derive(Debug)]
pub(super) struct Answer {
    /// What became of each `Add`.
    pub(super) statuses: Vec<Status>,
    pub(super) values: Values,
}

/// A connection that nothing is under way on. Whoever uses it owns it, and closes it, by a drop, unless the turn
/// came to a clean end.
pub(super) struct Connection<S = Socket>(Wire<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(socket: S, longest_value: u64) -> Self {
        Self(Wire::new(socket, longest_value))
    }

    /// One request and one answer.
    pub(super) async fn turn(&mut self, turn: &Turn<'_>) -> Result<Answer, Trouble> {
        let adds = self.collect(&turn.commands).await?;
        let values = match turn.asked.as_slice() {
            [] => {
                self.0.turn(adds, Last::Version);
                let version = Protocol::new(&mut self.0).version().await;
                version.map(|_| Values::new())
            }
            asked => {
                self.0.turn(adds, Last::Values(asked.len()));
                Protocol::new(&mut self.0).get_multi(asked).await
            }
        };
        let values = values.map_err(|error| self.trouble(error))?;
        let statuses = self.0.end().ok_or(Trouble::Unexpected(None))?;
        // The answer to another question is the sign of a connection that got out of step.
        let asked = |key: &String| turn.asked.binary_search(&key.as_str()).is_ok();
        match values.keys().all(asked) {
            true => Ok(Answer { statuses, values }),
            false => Err(Trouble::Unexpected(None)),
        }
    }

    /// Queues the commands, and says how many of them are answered.
    async fn collect(&mut self, commands: &[Command<'_>]) -> Result<usize, Trouble> {
        self.0.collect();
        if commands.is_empty() {
            return Ok(0);
        }
        let mut adds = 0;
        let mut protocol = Protocol::new(&mut self.0);
        for command in commands {
            match command {
                Command::Delete(key) => protocol.delete(key).await?,
                Command::Add { key, value, expiry } => {
                    adds += 1;
                    protocol.add(key, value, *expiry).await?;
                }
            }
        }
        Ok(adds)
    }

    fn trouble(&mut self, error: std::io::Error) -> Trouble {
        let known = self.0.take_trouble();
        known.unwrap_or(match error.kind() {
            // Not from the socket, but from the crate about what it read.
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::Other => {
                Trouble::Unexpected(None)
            }
            _ => Trouble::Broken(error),
        })
    }

    /// Whether the server said anything in the last turn.
    pub(super) fn answered(&self) -> bool {
        self.0.answered()
    }
}

impl Connection {
    /// Whether nothing came since the last turn, not even an end.
    pub(super) fn is_quiet(&self) -> bool {
        self.0.socket().is_quiet()
    }
}
