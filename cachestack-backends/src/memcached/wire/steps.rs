//! Through a server's reply, step by step.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Mode, Place, Wire};
use crate::memcached::error::Trouble;
use crate::memcached::reply::Line;

/// The longest line that a server may send, in bytes.
const LONGEST_LINE: usize = 2 << 10;
/// What no server keeps in one item: 1 GiB. Who declares more is none.
const ABSURD: u64 = 1 << 30;

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Waits until the input begins with a whole line, and says how long that is.
    pub(super) fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            let filled = self.input.filled();
            let within = &filled[..filled.len().min(LONGEST_LINE)];
            if let Some(end) = within.iter().position(|&byte| byte == b'\n') {
                return Poll::Ready(Ok(end + 1));
            }
            if within.len() == LONGEST_LINE {
                return Poll::Ready(Err(self.refuse(Trouble::unexpected(&[]))));
            }
            ready!(self.poll_fill(context))?;
        }
    }

    pub(super) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = ReadBuf::new(self.input.room());
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut room))?;
        let read = room.filled().len();
        if read == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.input.add(read);
        self.answered = true;
        Poll::Ready(Ok(()))
    }

    /// Goes one step on in the reply; what is ready for the crate is in `checked` or in `out`.
    pub(super) fn poll_step(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Mode::Turn(turn) = &mut self.mode else {
            self.checked.put(b"STORED\r\n");
            return Poll::Ready(Ok(()));
        };
        match turn.place {
            Place::Line => self.poll_header(context),
            Place::Value(left) => {
                let read = ready!(self.poll_value(context, left, out))?;
                self.go(match left - read {
                    0 => Place::Break,
                    left => Place::Value(left),
                });
                Poll::Ready(Ok(()))
            }
            Place::Foreign(left) => {
                if self.input.is_empty() {
                    ready!(self.poll_fill(context))?;
                }
                let skipped = self.input.consume_at_most(left);
                self.go(match left - skipped {
                    0 => Place::Break,
                    left => Place::Foreign(left),
                });
                Poll::Ready(Ok(()))
            }
            Place::Break => {
                while self.input.filled().len() < 2 {
                    ready!(self.poll_fill(context))?;
                }
                if !self.input.filled().starts_with(b"\r\n") {
                    return Poll::Ready(Err(self.refuse(Trouble::unexpected(&[]))));
                }
                self.input.consume(2);
                self.checked.put(b"\r\n");
                self.go(Place::Line);
                Poll::Ready(Ok(()))
            }
            // The crate wants more than it asked the server for.
            Place::Done => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    fn go(&mut self, to: Place) {
        if let Mode::Turn(turn) = &mut self.mode {
            turn.place = to;
        }
    }

    /// A line that says what follows.
    fn poll_header(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let length = ready!(self.poll_line(context))?;
        let line = &self.input.filled()[..length];
        let Mode::Turn(turn) = &mut self.mode else {
            return Poll::Ready(Ok(()));
        };
        match (Line::read(line), &mut turn.values) {
            (Some(Line::Value { key, length }), Some(left @ 1..)) if length <= ABSURD => {
                *left -= 1;
                let ours = length <= self.longest_value;
                let told = if ours { length } else { 0 };
                // In its one form, whatever form the server gave it.
                self.checked.put(b"VALUE ");
                self.checked.put(key);
                self.checked.put(format!(" 0 {told}\r\n").as_bytes());
                turn.place = match (ours, length) {
                    (true, 0) => Place::Break,
                    (true, length) => Place::Value(length),
                    (false, length) => Place::Foreign(length),
                };
            }
            (Some(Line::End), Some(_)) | (Some(Line::Version), None) => {
                self.checked.put(line);
                turn.place = Place::Done;
            }
            _ => {
                let trouble = Trouble::unexpected(line);
                return Poll::Ready(Err(self.refuse(trouble)));
            }
        }
        self.input.consume(length);
        Poll::Ready(Ok(()))
    }

    /// Passes on what there is of a value, straight from the socket where the crate has the room for it.
    fn poll_value(
        &mut self,
        context: &mut Context<'_>,
        left: u64,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<u64>> {
        let wanted = out
            .remaining()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if self.input.is_empty() && wanted < self.input.room().len() {
            ready!(self.poll_fill(context))?;
        }
        if !self.input.is_empty() {
            let there = self.input.filled();
            let there = &there[..there.len().min(wanted)];
            out.put_slice(there);
            let read = there.len();
            self.input.consume(read);
            return Poll::Ready(Ok(read as u64));
        }
        let mut room = ReadBuf::new(out.initialize_unfilled_to(wanted));
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut room))?;
        let read = room.filled().len();
        if read == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        out.advance(read);
        Poll::Ready(Ok(read as u64))
    }
}
