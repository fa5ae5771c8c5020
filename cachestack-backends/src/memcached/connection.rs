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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn run(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        let limit = Duration::from_secs(10);
        runtime.block_on(async { tokio::time::timeout(limit, test).await.unwrap() });
    }

    /// Answers each `add`, and everything else by that reply, in pieces of that many bytes; so long as
    /// nobody reads what it says, it reads nothing.
    async fn serve(mut server: DuplexStream, last: Vec<u8>, piece: usize) {
        let mut line = Vec::new();
        while let Ok(byte) = server.read_u8().await {
            line.push(byte);
            let reply = match &*line {
                [.., b'\r', b'\n'] if line.starts_with(b"add ") => &b"STORED\r\n"[..],
                [.., b'\r', b'\n'] if line.starts_with(b"get ") => &last,
                [.., b'\r', b'\n'] => b"",
                _ => continue,
            };
            line.clear();
            for piece in reply.chunks(piece) {
                server.write_all(piece).await.unwrap();
            }
        }
    }

    #[test]
    fn a_turn_of_many_commands_ends_though_the_server_waits_to_be_read() {
        run(async {
            let (client, server) = duplex(64);
            let client = async {
                let mut connection = Connection::new(client, 100);
                let add = || Command::Add {
                    key: "k",
                    value: b"value",
                    expiry: 0,
                };
                let turn = Turn {
                    commands: (0..5_000).map(|_| add()).collect(),
                    asked: vec!["k"],
                };
                let answer = connection.turn(&turn).await.unwrap();
                assert_eq!(answer.statuses, vec![Status::Stored; 5_000]);
                assert!(answer.values.is_empty());
            };
            tokio::spawn(serve(server, b"END\r\n".to_vec(), 8));
            client.await;
        });
    }

    #[test]
    fn values_of_any_length_come_whole_in_whatever_pieces() {
        run(async {
            const LONGEST: usize = 50_000;
            for length in [
                0,
                1,
                2,
                8_000,
                8_173,
                8_191,
                8_192,
                8_193,
                20_000,
                LONGEST,
                LONGEST + 1,
            ] {
                for piece in [1, 7, 8_192, 1 << 20] {
                    let value: Vec<u8> = (0..length).map(|at| b"\r\nEND\r\n ab"[at % 10]).collect();
                    let header = format!("VALUE a 0 {length}\r\n");
                    let short = b"\r\nVALUE b 7 5\r\nshort\r\nEND\r\n";
                    let reply = [header.as_bytes(), &value, short].concat();
                    let (client, server) = duplex(1 << 17);
                    let client = async {
                        let mut connection = Connection::new(client, LONGEST as u64);
                        let turn = Turn {
                            commands: Vec::new(),
                            asked: vec!["a", "b"],
                        };
                        for _ in 0..2 {
                            let values = connection.turn(&turn).await.unwrap().values;
                            assert_eq!(values["b"], b"short");
                            match length <= LONGEST {
                                true => assert!(values["a"] == value, "{length} by {piece}"),
                                false => assert!(values["a"].is_empty()),
                            }
                        }
                    };
                    tokio::spawn(serve(server, reply, piece));
                    client.await;
                }
            }
        });
    }
}
