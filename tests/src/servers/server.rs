//! What all servers have in common: start, stop, kill, pause.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use super::guardian::{Guardian, Orders};
use super::process::{State, children, send, state};

/// How long a server may take to start, and to stop when it is asked to.
const LIMIT: Duration = Duration::from_secs(20);
/// How much of a server's log a panic shows.
const LOG_LINES: usize = 30;

type Ping = Box<dyn Fn() -> io::Result<()> + Send + Sync>;

/// A process that serves, with a folder of its own. It is killed and its folder removed when it is dropped, and also
/// when the test process ends without dropping it.
pub struct Server {
    name: &'static str,
    terminate: Signal,
    ping: Ping,
    process: Mutex<Process>,
    // Only a guardian that could not start leaves it to this.
    folder: TempDir,
}

struct Process {
    guardian: Guardian,
    pid: Option<i32>,
}

/// Why a server did not start.
#[derive(Debug)]
pub(super) enum Failed {
    /// Somebody else has its port.
    PortTaken,
    /// Something that trying again does not help.
    For(String),
}

impl Server {
    /// Starts it and waits until a ping is answered. `terminate` is the signal that asks for a graceful end.
    pub(super) fn start(
        name: &'static str,
        orders: &Orders,
        terminate: Signal,
        folder: TempDir,
        ping: impl Fn() -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self, Failed> {
        let failed = |error: io::Error| Failed::For(format!("{name} has no guardian: {error}"));
        let guardian = Guardian::new(orders, folder.path()).map_err(failed)?;
        let server = Self {
            name,
            terminate,
            ping: Box::new(ping),
            process: Mutex::new(Process {
                guardian,
                pid: None,
            }),
            folder,
        };
        server.launch()?;
        Ok(server)
    }

    fn launch(&self) -> Result<(), Failed> {
        let mut process = self.process();
        let began = Instant::now();
        let pid = match process.guardian.start() {
            Ok(pid) => *process.pid.insert(pid),
            Err(error) => return Err(Failed::For(format!("{}: {error}", self.name))),
        };
        loop {
            let pinged = (self.ping)();
            if state(pid) == State::Ended {
                return Err(self.death());
            }
            match pinged {
                Ok(()) => return Ok(()),
                Err(error) if began.elapsed() > LIMIT => {
                    let (name, log) = (self.name, self.log_tail());
                    return Err(Failed::For(format!(
                        "{name} does not answer within {LIMIT:?}: {error}; its log ends:\n{log}"
                    )));
                }
                // There is nothing to wait on before it listens.
                Err(_) => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn death(&self) -> Failed {
        let log = self.log_tail();
        match log.to_lowercase().contains("already in use") {
            true => Failed::PortTaken,
            false => Failed::For(format!("{} ended at once; its log:\n{log}", self.name)),
        }
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process id, while it was started and neither stopped nor killed.
    pub fn pid(&self) -> Option<i32> {
        self.process().pid
    }

    /// Whether its process is there and not paused.
    pub fn is_running(&self) -> bool {
        self.pid().is_some_and(|pid| state(pid) == State::Alive)
    }

    /// Its own folder: configuration, data, sockets, and the file `log`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All it has said so far.
    pub fn log(&self) -> String {
        let log = fs::read(self.folder().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The last lines of it.
    pub(super) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    /// Asks it once whether it is there.
    ///
    /// # Errors
    /// When it gives no right answer within half a second.
    pub fn ping(&self) -> io::Result<()> {
        (self.ping)()
    }

    /// Asks it to end, as an operator would, and waits for that; one that has nothing to save is killed. Does nothing when it
    /// is down.
    ///
    /// # Panics
    /// When it has not ended after 20 s.
    pub fn stop(&self) {
        let mut process = self.process();
        if let Some(pid) = process.pid {
            // A stopped process would not see the signal.
            resume(pid);
            send(pid, self.terminate);
            self.ended(pid);
            process.reaped();
        }
    }

    /// Kills it at once, with all its children, as a power cut would. Does nothing when it is down.
    ///
    /// # Panics
    /// When the kernel does not end it.
    pub fn kill(&self) {
        let mut process = self.process();
        if let Some(pid) = process.pid {
            let children = children(pid);
            send(pid, Signal::KILL);
            children.iter().for_each(|pid| send(*pid, Signal::KILL));
            self.ended(pid);
            children.into_iter().for_each(|pid| self.ended(pid));
            process.reaped();
        }
    }

    /// Stops it in its tracks, with all its children: it stays connected and does not answer. Returns when they all stand.
    ///
    /// # Panics
    /// When the kernel does not stop it.
    pub fn pause(&self) {
        let process = self.process();
        if let Some(pid) = process.pid {
            send(pid, Signal::STOP);
            self.wait("stopped", || state(pid) != State::Alive);
            // It starts no more of them now.
            for child in children(pid) {
                send(child, Signal::STOP);
                self.wait("stopped", || state(child) != State::Alive);
            }
        }
    }

    /// Lets it go on after a pause.
    pub fn resume(&self) {
        if let Some(pid) = self.process().pid {
            resume(pid);
        }
    }

    /// Starts it again on the same address with the same folder, after a stop when it is up.
    ///
    /// # Panics
    /// When it does not answer within 20 s.
    pub fn restart(&self) {
        self.stop();
        match self.launch() {
            Ok(()) => {}
            Err(Failed::PortTaken) => panic!("{}: somebody took its port", self.name),
            Err(Failed::For(reason)) => panic!("{reason}"),
        }
    }

    fn ended(&self, pid: i32) {
        self.wait("ended", || state(pid) == State::Ended);
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(
                began.elapsed() < LIMIT,
                "{} has not {what} after {LIMIT:?}; its log ends:\n{}",
                self.name,
                self.log_tail()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn resume(pid: i32) {
    for child in children(pid) {
        send(child, Signal::CONT);
    }
    send(pid, Signal::CONT);
}

impl Process {
    fn reaped(&mut self) {
        self.pid = None;
        // The exit code says nothing that a test needs.
        let _ = self.guardian.reap();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.name)
            .field("pid", &self.pid())
            .field("folder", &self.folder())
            .finish_non_exhaustive()
    }
}

/// Tries to start a server on one port after the other while somebody else takes them.
pub(super) fn on_a_free_port<S>(mut start: impl FnMut() -> Result<S, Failed>) -> S {
    for _ in 0..5 {
        match start() {
            Ok(server) => return server,
            Err(Failed::PortTaken) => {}
            Err(Failed::For(reason)) => panic!("{reason}"),
        }
    }
    panic!("somebody took every free port before the server could")
}
