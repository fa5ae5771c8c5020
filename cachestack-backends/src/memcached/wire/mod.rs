//! The stream under the protocol crate: it makes one turn of several commands, and lets nothing through
//! that a server may not say.
//!
//! The crate sends each command at once and waits for its reply. While this stream *collects*, commands
//! gather in a buffer, and where the crate waits for a status it is told a made-up `STORED`. In the *turn*
//! that follows everything goes out together with the last command; the real statuses are read here, and
//! only the reply to that last command reaches the crate, line by line as far as it has been checked: no line
//! is longer than 2 KiB, no more values come than keys were asked for, and a value that is longer than any of
//! ours is passed on as an empty one, so that the crate never allocates what a server made up.

mod steps;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::error::Trouble;
use super::reply::Status;
use super::window::Window;

/// A buffer of commands that grew beyond this is not kept for the next turn.
const KEPT_BUFFER: usize = 64 << 10;

pub(super) struct Wire<S> {
    socket: S,
    longest_value: u64,
    /// Commands, of which the first `sent` bytes are on their way.
    commands: Vec<u8>,
    sent: usize,
    input: Window,
    /// What the crate may read next.
    checked: Window,
    mode: Mode,
    /// Whether the server has said anything in this turn.
    answered: bool,
    /// Why the connection is of no use any more.
    trouble: Option<Trouble>,
}

enum Mode {
    Collecting,
    Turn(Turn),
}

struct Turn {
    statuses: Vec<Status>,
    awaited: usize,
    /// How many values may still come; `None` is a reply of one line.
    values: Option<usize>,
    place: Place,
}

/// Where in the reply to the last command the server is.
enum Place {
    Line,
    Value(u64),
    /// A value that is too long to be one of ours.
    Foreign(u64),
    /// The line break behind a value.
    Break,
    Done,
}

/// What the reply to the last command of a turn is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Last {
    /// So many values at most.
    Values(usize),
    Version,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(socket: S, longest_value: u64) -> Self {
        Self {
            socket,
            longest_value,
            commands: Vec::new(),
            sent: 0,
            input: Window::new(),
            checked: Window::new(),
            mode: Mode::Collecting,
            answered: false,
            trouble: None,
        }
    }

    pub(super) fn socket(&self) -> &S {
        &self.socket
    }

    /// From now on commands are collected.
    pub(super) fn collect(&mut self) {
        self.mode = Mode::Collecting;
        self.answered = false;
        self.trouble = None;
    }

    /// What is collected goes out together with the next command, which is the last of this turn.
    pub(super) fn turn(&mut self, statuses: usize, last: Last) {
        self.checked.clear();
        self.mode = Mode::Turn(Turn {
            statuses: Vec::with_capacity(statuses),
            awaited: statuses,
            values: match last {
                Last::Values(most) => Some(most),
                Last::Version => None,
            },
            place: Place::Line,
        });
    }

    /// The statuses of the turn, when it came to a clean end: everything was sent, and nothing is left over.
    pub(super) fn end(&mut self) -> Option<Vec<Status>> {
        let mode = std::mem::replace(&mut self.mode, Mode::Collecting);
        let Mode::Turn(turn) = mode else { return None };
        let clean = matches!(turn.place, Place::Done)
            && self.sent == self.commands.len()
            && self.input.is_empty()
            && self.checked.is_empty();
        self.commands.clear();
        self.commands.shrink_to(KEPT_BUFFER);
        self.sent = 0;
        clean.then_some(turn.statuses)
    }

    pub(super) fn answered(&self) -> bool {
        self.answered
    }

    pub(super) fn take_trouble(&mut self) -> Option<Trouble> {
        self.trouble.take()
    }

    fn refuse(&mut self, trouble: Trouble) -> io::Error {
        self.trouble = Some(trouble);
        io::ErrorKind::InvalidData.into()
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.commands.len() {
            let rest = &self.commands[self.sent..];
            match Pin::new(&mut self.socket).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(sent)) => self.sent += sent,
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Err(self.last_words(context, error)));
                }
                Poll::Pending => {
                    // The server may have stopped reading because nobody reads what it says.
                    if let Poll::Ready(Err(error)) = self.poll_statuses(context) {
                        return Poll::Ready(Err(error));
                    }
                    return Poll::Pending;
                }
            }
        }
        Pin::new(&mut self.socket).poll_flush(context)
    }

    /// A server that hangs up may have said why.
    fn last_words(&mut self, context: &mut Context<'_>, error: io::Error) -> io::Error {
        match self.poll_line(context) {
            Poll::Ready(Ok(length)) => {
                let trouble = Trouble::unexpected(&self.input.filled()[..length]);
                self.refuse(trouble)
            }
            _ => error,
        }
    }

    fn poll_statuses(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Mode::Turn(turn) = &self.mode {
            if turn.statuses.len() == turn.awaited {
                break;
            }
            let length = ready!(self.poll_line(context))?;
            let line = &self.input.filled()[..length];
            let status = Status::read(line).ok_or_else(|| Trouble::unexpected(line));
            self.input.consume(length);
            match (status, &mut self.mode) {
                (Ok(status), Mode::Turn(turn)) => turn.statuses.push(status),
                (Err(trouble), _) => return Poll::Ready(Err(self.refuse(trouble))),
                (Ok(_), Mode::Collecting) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(wire.poll_statuses(context))?;
        let before = out.filled().len();
        while out.remaining() > 0 {
            if !wire.checked.is_empty() {
                let there = wire.checked.filled();
                let there = &there[..there.len().min(out.remaining())];
                out.put_slice(there);
                let taken = there.len();
                wire.checked.consume(taken);
                continue;
            }
            let given = out.filled().len() > before;
            if given && !wire.has_more() {
                break;
            }
            match wire.poll_step(context, out) {
                Poll::Ready(Ok(())) => {}
                // What was given comes first; the error is met again by the next read.
                Poll::Pending if given => break,
                Poll::Ready(Err(_)) if given => break,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S> Wire<S> {
    /// Whether more of the reply may be given without asking the socket.
    fn has_more(&self) -> bool {
        match &self.mode {
            Mode::Collecting => false,
            Mode::Turn(turn) => !matches!(turn.place, Place::Done) && !self.input.is_empty(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().commands.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        match wire.mode {
            Mode::Collecting => Poll::Ready(Ok(())),
            Mode::Turn(_) => wire.poll_send(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}
