//! A Memcached server.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;

use rustix::process::Signal;

use super::PING;
use super::account::Account;
use super::folder::folder;
use super::guardian::Orders;
use super::port::HeldPort;
use super::program::program;
use super::server::{Failed, Server, on_a_free_port};
use super::wire::{Address, ask};

/// A Memcached server on a port of the loopback, or on a socket in its folder.
#[derive(Debug)]
pub struct Memcached {
    server: Server,
    port: HeldPort,
    socket: Option<PathBuf>,
}

/// What a Memcached server is to be like.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started yet"]
pub struct MemcachedBuilder {
    socket: bool,
    ipv6: bool,
    args: Vec<String>,
}

impl Memcached {
    /// Starts one on 127.0.0.1.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Describes one.
    pub fn builder() -> MemcachedBuilder {
        MemcachedBuilder::default()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The address on the loopback.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// Where the socket is, if that was asked for; there is no port then.
    pub fn socket(&self) -> Option<PathBuf> {
        self.socket.clone()
    }

    /// `host:port`, the host of IPv6 in brackets; the path of the socket where there is one.
    pub fn dsn(&self) -> String {
        match &self.socket {
            Some(path) => path.display().to_string(),
            None => self.addr().to_string(),
        }
    }
}

impl Deref for Memcached {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl MemcachedBuilder {
    /// It listens on a socket in its folder, and on no port.
    pub fn unix_socket(mut self) -> Self {
        self.socket = true;
        self
    }

    /// It listens on ::1.
    pub fn ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }

    /// More arguments of the command line, such as `["-I", "2m"]`.
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not answer within 20 s, with the end of its log.
    pub fn start(self) -> Memcached {
        on_a_free_port(|| self.try_start())
    }

    fn try_start(&self) -> Result<Memcached, Failed> {
        let account = Account::unless_already_unprivileged();
        let folder = folder("memcached", account.as_ref());
        let port = match self.ipv6 {
            true => HeldPort::v6(),
            false => HeldPort::v4(),
        };
        let socket = self.socket.then(|| folder.path().join("memcached.sock"));
        let (listen, address) = match &socket {
            Some(path) => (
                format!("--unix-socket={}", path.display()),
                path.clone().into(),
            ),
            None => (format!("--listen={}", port.addr().ip()), port.addr().into()),
        };
        let mut command = vec![program("memcached", "memcached").into(), listen.into()];
        command.push(format!("--port={}", port.port()).into());
        command.extend(self.args.iter().map(Into::into));
        let orders = Orders {
            command,
            account,
            farewell: "",
        };
        let ping = move || ping(&address);
        Ok(Memcached {
            // It has nothing to save, and takes a second to notice a SIGTERM.
            server: Server::start("memcached", &orders, Signal::KILL, folder, ping)?,
            port,
            socket,
        })
    }
}

fn ping(address: &Address) -> io::Result<()> {
    let answer = ask(address, b"version\r\n", PING, |answer| {
        answer.ends_with(b"\r\n")
    })?;
    match answer.starts_with(b"VERSION ") {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&answer))),
    }
}
