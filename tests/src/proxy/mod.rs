//! A proxy between a client and a server on the loopback, which counts what goes through and gets in its way.

mod control;
mod link;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::control::Control;
use crate::servers::{Address, HeldPort};

/// How long a test may wait for answers to be held.
const LIMIT: Duration = Duration::from_secs(10);

/// Listens on a port of 127.0.0.1 and hands on what comes, both ways, to a port or a socket.
///
/// It keeps back at most about 1 MiB of answers for each connection; the server cannot write more until they go on. All
/// connections are closed when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    control: Arc<Control>,
    port: HeldPort,
    acceptor: Mutex<Option<Acceptor>>,
}

/// The thread that listens.
#[derive(Debug)]
struct Acceptor {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Proxy {
    /// A proxy to that server, which need not be there yet.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn to(server: impl Into<Address>) -> Self {
        let proxy = Self {
            control: Arc::new(Control::new(server.into())),
            port: HeldPort::v4(),
            acceptor: Mutex::default(),
        };
        proxy.accept();
        proxy
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The port alone.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// How many times a client had something to say after it had been answered, or first of all: on each connection
    /// bytes of the client begin a turn when an answer was handed on since the last one began. Requests that are sent
    /// together, or before the first answer has been handed on, are one turn.
    pub fn turns(&self) -> usize {
        self.control.lock().counts.turns
    }

    /// How many connections clients opened.
    pub fn connections(&self) -> usize {
        self.control.lock().counts.connections
    }

    /// How many connections are open now.
    pub fn open_connections(&self) -> usize {
        self.control.lock().links.len()
    }

    /// How many bytes came from clients.
    pub fn bytes_of_clients(&self) -> usize {
        self.control.lock().counts.bytes_of_clients
    }

    /// How many bytes were handed on to clients.
    pub fn bytes_of_server(&self) -> usize {
        self.control.lock().counts.bytes_of_server
    }

    /// How many answers were cut.
    pub fn cuts(&self) -> usize {
        self.control.lock().counts.cuts
    }

    /// Counts from nothing again. Connections stay.
    pub fn reset(&self) {
        self.control.lock().counts = Default::default();
    }

    /// From now on answers reach clients that much later than they come. Nothing is reordered.
    pub fn set_delay(&self, delay: Duration) {
        self.control.lock().delay = delay;
    }

    /// Keeps back answers while the hold lives; requests still reach the server.
    pub fn hold(&self) -> HeldAnswers<'_> {
        self.control.lock().holds += 1;
        HeldAnswers(&self.control)
    }

    /// Closes the connection that gets the next answer after that many of its bytes, on both sides.
    pub fn cut_next_answer_after(&self, bytes: usize) {
        self.control.lock().cut = Some(bytes);
    }

    /// Closes all connections at once. New ones are taken.
    pub fn drop_connections(&self) {
        self.control.close_all();
    }

    /// Closes all connections, and refuses new ones until [`accept`](Self::accept).
    pub fn refuse(&self) {
        let mut acceptor = self.acceptor();
        if let Some(Acceptor { ends, thread }) = acceptor.take() {
            ends.store(true, Ordering::SeqCst);
            // It wakes up by a connection. Without one somebody else's will do.
            let _ = TcpStream::connect(self.addr());
            // It has nothing to panic about.
            let _ = thread.join();
        }
        self.control.close_all();
    }

    /// Takes connections again, on the same port.
    ///
    /// # Panics
    /// When somebody took the port, which is held against that.
    pub fn accept(&self) {
        let mut acceptor = self.acceptor();
        if acceptor.is_none() {
            let listener = TcpListener::bind(self.addr());
            let listener = listener.unwrap_or_else(|error| panic!("{}: {error}", self.addr()));
            *acceptor = Some(Acceptor::start(listener, Arc::clone(&self.control)));
        }
    }

    fn acceptor(&self) -> std::sync::MutexGuard<'_, Option<Acceptor>> {
        let acceptor = self.acceptor.lock();
        acceptor.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
    }
}

impl Acceptor {
    fn start(listener: TcpListener, control: Arc<Control>) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let sees = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if sees.load(Ordering::SeqCst) {
                    return;
                }
                link::start(client, &control);
            }
        });
        Self { ends, thread }
    }
}

/// Answers are kept back while this lives. They go on when it is dropped, unless there is another.
#[derive(Debug)]
#[must_use = "nothing is kept back any more when it is dropped"]
pub struct HeldAnswers<'a>(&'a Control);

impl HeldAnswers<'_> {
    /// How many answers have come from the server and are kept back: so many requests were received whole. Requests
    /// that were sent together on one connection, and answered together, count as one.
    pub fn count(&self) -> usize {
        *self.0.waiting.borrow()
    }

    /// Waits until so many answers are kept back.
    ///
    /// # Panics
    /// When they are fewer for 10 s.
    pub fn wait_for(&self, answers: usize) {
        let began = Instant::now();
        while self.count() < answers {
            let count = self.count();
            assert!(began.elapsed() < LIMIT, "only {count} answers are held");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until so many answers are kept back, in any executor and without a limit of its own.
    pub async fn arrived(&self, answers: usize) {
        let mut waiting = self.0.waiting.subscribe();
        // Its sender lives as long as the proxy, which this borrows.
        let _ = waiting.wait_for(|count| *count >= answers).await;
    }
}

impl Drop for HeldAnswers<'_> {
    fn drop(&mut self) {
        self.0.lock().holds -= 1;
        self.0.changed.notify_all();
    }
}
