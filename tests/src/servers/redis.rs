//! A Redis server.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::certificates::Certificates;
use super::folder::{folder, write};
use super::guardian::Orders;
use super::port::HeldPort;
use super::program::program;
use super::resp::{self, pong};
use super::server::{Failed, Server, on_a_free_port};
use super::wire::Address;

/// A Redis server on 127.0.0.1, and always on a socket in its folder too. It keeps nothing on disk, unless asked to.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    port: HeldPort,
    options: RedisBuilder,
    certificates: Option<Certificates>,
}

/// What a Redis server is to be like.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started yet"]
pub struct RedisBuilder {
    password: Option<String>,
    user: Option<(String, String)>,
    tls: bool,
    socket_only: bool,
    persistent: bool,
    lines: Vec<String>,
    args: Vec<String>,
}

impl Redis {
    /// Starts one without a password.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Describes one.
    pub fn builder() -> RedisBuilder {
        RedisBuilder::default()
    }

    /// The port; plain, or TLS where that was asked for.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The address on the loopback.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// Where the socket is, on which it always listens without TLS.
    pub fn socket(&self) -> PathBuf {
        self.folder().join("redis.sock")
    }

    /// `redis://…` or `rediss://localhost:…`, with the user and the password.
    pub fn dsn(&self) -> String {
        self.dsn_at(self.port())
    }

    /// The same by another port of 127.0.0.1, such as a proxy's.
    pub fn dsn_at(&self, port: u16) -> String {
        let credentials = self.options.credentials();
        match self.options.tls {
            true => format!("rediss://{credentials}localhost:{port}"),
            false => format!("redis://{credentials}127.0.0.1:{port}"),
        }
    }

    /// The file with the certificate that clients have to trust.
    ///
    /// # Panics
    /// When TLS was not asked for.
    pub fn authority(&self) -> &Path {
        let certificates = self.certificates.as_ref();
        &certificates.expect("it speaks TLS").authority
    }

    /// Sends one command over the socket, with the password where there is one, and gives the answer as it comes.
    ///
    /// # Errors
    /// When there is none within half a second.
    pub fn command(&self, words: &[&str]) -> io::Result<String> {
        let password = self.options.required_password();
        resp::command(&Address::Unix(self.socket()), password, words)
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl RedisBuilder {
    /// Clients must give this password, which is of letters and digits: no DSN or configuration here escapes it.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// There is also a user who may do everything.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// The port speaks TLS, without certificates of clients.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// It listens on its socket only.
    pub fn socket_only(mut self) -> Self {
        self.socket_only = true;
        self
    }

    /// It writes every change to its folder, so that a restart finds it again.
    pub fn persistent(mut self) -> Self {
        self.persistent = true;
        self
    }

    /// One more line of configuration.
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// One more argument of the command line.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not answer within 20 s, with the end of its log.
    pub fn start(self) -> Redis {
        on_a_free_port(|| self.try_start())
    }

    fn try_start(&self) -> Result<Redis, Failed> {
        let options = self.clone();
        let folder = folder("redis", None);
        let port = HeldPort::v4();
        let certificates = options.tls.then(|| Certificates::make(folder.path()));
        let text = options.text(port.port(), certificates.as_ref());
        let config = write(folder.path(), "redis.conf", &text, None);

        let mut command = vec![
            program("redis-server", "redis-server").into(),
            config.into(),
        ];
        command.extend(options.args.iter().map(Into::into));
        let orders = Orders {
            command,
            account: None,
            farewell: "",
        };
        let socket = Address::Unix(folder.path().join("redis.sock"));
        let password = options.password.clone();
        let ping = move || pong(&resp::command(&socket, password.as_deref(), &["PING"])?);
        Ok(Redis {
            server: Server::start("redis-server", &orders, Signal::TERM, folder, ping)?,
            port,
            options,
            certificates,
        })
    }

    fn text(&self, port: u16, certificates: Option<&Certificates>) -> String {
        let (plain, tls) = match (self.socket_only, self.tls) {
            (true, _) => (0, 0),
            (false, true) => (0, port),
            (false, false) => (port, 0),
        };
        let mut lines = vec![
            format!("port {plain}"),
            "bind 127.0.0.1".into(),
            "unixsocket redis.sock".into(),
            "save \"\"".into(),
            // A replica need not wait for others.
            "repl-diskless-sync-delay 0".into(),
        ];
        if let Some(files) = certificates {
            lines.push(format!("tls-port {tls}"));
            lines.push(format!("tls-ca-cert-file {}", files.authority.display()));
            lines.push(format!("tls-cert-file {}", files.certificate.display()));
            lines.push(format!("tls-key-file {}", files.key.display()));
            lines.push("tls-auth-clients no".into());
        }
        if self.persistent {
            lines.push("appendonly yes".into());
            lines.push("appendfsync always".into());
        }
        if let Some(password) = &self.password {
            lines.push(format!("requirepass {password}"));
            lines.push(format!("masterauth {password}"));
        }
        if let Some((name, password)) = &self.user {
            lines.push(format!("user {name} on >{password} ~* &* +@all"));
        }
        lines.extend(self.lines.iter().cloned());
        lines.push(String::new());
        lines.join("\n")
    }

    /// What a connection has to give before anything else.
    pub(super) fn required_password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// What comes before the host in a DSN: the user, else the password alone.
    pub(super) fn credentials(&self) -> String {
        match (&self.user, &self.password) {
            (Some((name, password)), _) => format!("{name}:{password}@"),
            (None, Some(password)) => format!(":{password}@"),
            (None, None) => String::new(),
        }
    }
}
