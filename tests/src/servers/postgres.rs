//! A PostgreSQL server.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;

use rustix::process::Signal;

use super::PING;
use super::account::Account;
use super::folder::{folder, write};
use super::guardian::Orders;
use super::port::HeldPort;
use super::program::program;
use super::server::{Failed, Server, on_a_free_port};
use super::wire::{Address, ask};

/// A PostgreSQL server with the database and the superuser `postgres`, on 127.0.0.1 and on a socket in its folder. It
/// does not sync its files, which only a crash of the machine would show.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    port: HeldPort,
    password: Option<String>,
}

/// What a PostgreSQL server is to be like.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started yet"]
pub struct PostgresBuilder {
    password: Option<String>,
    settings: Vec<String>,
}

/// The cluster is made at the first start only; a restart finds it.
const START: &str = r#"
initdb=$1 auth=$2 postgres=$3
shift 3
if [ ! -e data/PG_VERSION ]; then
  "$initdb" --no-sync --no-instructions --username=postgres --encoding=UTF8 --locale=C \
    --auth="$auth" --pwfile=password -D data || exit
fi
exec "$postgres" -D data "$@"
"#;

/// The interlock against two servers in one folder is a segment of shared memory, which a kill leaves in the kernel; its
/// id is in the seventh line.
const FAREWELL: &str =
    r#"[ ! -e data/postmaster.pid ] || ipcrm -m "$(sed -n '7s/.* //p' data/postmaster.pid)""#;

impl Postgres {
    /// Starts one that trusts everybody.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Describes one.
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The address on the loopback.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The socket itself. Clients are usually given its folder, which is [`Server::folder`], and the port.
    pub fn socket(&self) -> PathBuf {
        self.folder().join(format!(".s.PGSQL.{}", self.port()))
    }

    /// The password of the user `postgres`, if there is one.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// `postgresql://postgres@127.0.0.1:…/postgres`, with the password where there is one.
    pub fn dsn(&self) -> String {
        self.dsn_at(self.port())
    }

    /// The same by another port of 127.0.0.1, such as a proxy's.
    pub fn dsn_at(&self, port: u16) -> String {
        dsn(self.password(), port)
    }
}

/// The address of the database `postgres` for the user of that name.
pub(super) fn dsn(password: Option<&str>, port: u16) -> String {
    let password = password.map(|it| format!(":{it}")).unwrap_or_default();
    format!("postgresql://postgres{password}@127.0.0.1:{port}/postgres")
}

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl PostgresBuilder {
    /// Clients must prove that they know this password, by SCRAM-SHA-256. It is of letters and digits.
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// One more setting, such as `max_connections=5`.
    pub fn setting(mut self, setting: impl Into<String>) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not answer within 20 s, with the end of its log.
    pub fn start(self) -> Postgres {
        on_a_free_port(|| self.try_start())
    }

    fn try_start(&self) -> Result<Postgres, Failed> {
        let account = Account::unless_already_unprivileged();
        let folder = folder("postgres", account.as_ref());
        let port = HeldPort::v4();
        let (auth, password) = match &self.password {
            Some(password) => ("scram-sha-256", password.as_str()),
            None => ("trust", "unused"),
        };
        write(folder.path(), "password", password, account.as_ref());

        let mut command = vec!["/bin/sh".into(), "-c".into(), START.into(), "start".into()];
        command.push(program("initdb", "postgresql").into());
        command.push(auth.into());
        command.push(program("postgres", "postgresql").into());
        let settings = [
            format!("port={}", port.port()),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={}", folder.path().display()),
            "fsync=off".into(),
            // Files in its folder instead of shared memory, which a kill would leave behind.
            "dynamic_shared_memory_type=mmap".into(),
        ];
        for setting in settings.iter().chain(&self.settings) {
            command.extend(["-c".into(), setting.into()]);
        }
        let orders = Orders {
            command,
            account,
            farewell: FAREWELL,
        };
        let address = port.addr().into();
        let ping = move || ping(&address);
        Ok(Postgres {
            // A fast shutdown: it does not wait for clients to leave.
            server: Server::start("postgres", &orders, Signal::INT, folder, ping)?,
            port,
            password: self.password.clone(),
        })
    }
}

/// A server that lets clients in answers the first message of a session with a demand for, or the end of,
/// authentication; one that still starts answers with an error.
pub(super) fn ping(address: &Address) -> io::Result<()> {
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(8 + parameters.len()).map_err(io::Error::other)?;
    let mut request = length.to_be_bytes().to_vec();
    request.extend(196_608_u32.to_be_bytes());
    request.extend(parameters);
    let answer = ask(address, &request, PING, |answer| answer.len() > 4)?;
    match answer[0] {
        b'R' => Ok(()),
        _ => Err(io::Error::other(String::from_utf8_lossy(&answer))),
    }
}
