//! One connection through a proxy: a thread each for requests, for answers that come, and for answers that go.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::control::{Control, Piece, Verdict};
use crate::servers::Stream;

/// How many bytes are read at once.
const PIECE: usize = 16 * 1024;
/// How many pieces of answers are kept back.
const PIECES: usize = 64;
/// How long a connect and a write may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Both connections, to close them.
#[derive(Debug)]
pub(super) struct Ends {
    client: TcpStream,
    server: Stream,
}

impl Ends {
    pub(super) fn close(&self) {
        // They fail when the other side has closed already.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

/// Connects a client to the server, in threads of their own; the client is dropped when the server is not there.
pub(super) fn start(client: TcpStream, control: &Arc<Control>) {
    let mut state = control.lock();
    state.counts.connections += 1;
    let closings = state.closings;
    drop(state);
    let control = Arc::clone(control);
    thread::spawn(move || {
        // A client sees an end of its connection, as it would without a proxy.
        let _ = run(client, closings, &control);
    });
}

fn run(client: TcpStream, closings: usize, control: &Arc<Control>) -> io::Result<()> {
    client.set_nodelay(true)?;
    client.set_write_timeout(Some(LIMIT))?;
    let server = Stream::connect(&control.server, LIMIT)?;
    server.limit(None, Some(LIMIT))?;
    let ends = Ends {
        client: client.try_clone()?,
        server: server.try_clone()?,
    };
    let Some(id) = control.opened(ends, closings) else {
        return Ok(());
    };

    let (sender, receiver) = sync_channel(PIECES);
    let (answers, gets) = (server.try_clone()?, client.try_clone()?);
    let (comes, goes) = (Arc::clone(control), Arc::clone(control));
    thread::spawn(move || come(answers, id, &comes, &sender));
    thread::spawn(move || {
        // The client's connection is broken then, or the server's at an end.
        let _ = go(gets, id, &goes, &receiver);
        goes.close(id);
    });
    if ask(client, server, id, control).is_err() {
        control.close(id);
    }
    Ok(())
}

/// Hands on requests until the client has no more. It may still wait for answers.
fn ask(mut client: TcpStream, mut server: Stream, id: usize, control: &Control) -> io::Result<()> {
    let mut buffer = [0; PIECE];
    loop {
        match client.read(&mut buffer)? {
            0 => return server.shutdown(Shutdown::Write),
            read => {
                control.asked(id, read);
                server.write_all(&buffer[..read])?;
            }
        }
    }
}

/// Takes answers until the server has no more.
fn come(mut server: Stream, id: usize, control: &Control, sender: &SyncSender<Piece>) {
    let mut buffer = [0; PIECE];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        if sender.send(control.answered(id, &buffer[..read])).is_err() {
            return;
        }
    }
}

/// Hands on answers until no more come, or it is told to stop.
fn go(
    mut client: TcpStream,
    id: usize,
    control: &Control,
    pieces: &Receiver<Piece>,
) -> io::Result<()> {
    for piece in pieces {
        match control.hand_on(id, &piece) {
            Verdict::All => client.write_all(&piece.bytes)?,
            Verdict::Cut(left) => return client.write_all(&piece.bytes[..left]),
            Verdict::Closed => return Ok(()),
        }
    }
    Ok(())
}
