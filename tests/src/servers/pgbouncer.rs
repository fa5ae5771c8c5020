//! A PgBouncer in front of a PostgreSQL server.

use std::net::SocketAddr;
use std::ops::Deref;

use rustix::process::Signal;

use super::account::Account;
use super::folder::{folder, write};
use super::guardian::Orders;
use super::port::HeldPort;
use super::postgres::{Postgres, dsn, ping};
use super::program::program;
use super::server::{Failed, Server, on_a_free_port};

/// A PgBouncer that gives each transaction any of a few sessions of a PostgreSQL server. It trusts its clients, and
/// knows the server's password.
#[derive(Debug)]
pub struct PgBouncer {
    server: Server,
    port: HeldPort,
}

impl PgBouncer {
    /// Starts one in transaction mode, with at most five sessions.
    ///
    /// # Panics
    /// When it does not answer within 20 s, with the end of its log.
    pub fn start(postgres: &Postgres) -> Self {
        Self::with(postgres, &[])
    }

    /// The same with more lines of configuration, such as `default_pool_size = 1`; a later line counts.
    ///
    /// # Panics
    /// When it does not answer within 20 s, with the end of its log.
    pub fn with(postgres: &Postgres, lines: &[&str]) -> Self {
        on_a_free_port(|| Self::try_start(postgres, lines))
    }

    fn try_start(postgres: &Postgres, lines: &[&str]) -> Result<Self, Failed> {
        let account = Account::unless_already_unprivileged();
        let folder = folder("pgbouncer", account.as_ref());
        let port = HeldPort::v4();
        let password = postgres.password().unwrap_or_default();
        let users = format!("\"postgres\" \"{password}\"\n");
        write(folder.path(), "users.txt", &users, account.as_ref());
        let text = text(postgres.port(), port.port(), lines);
        let config = write(folder.path(), "pgbouncer.ini", &text, account.as_ref());

        let orders = Orders {
            command: vec![program("pgbouncer", "pgbouncer").into(), config.into()],
            account,
            farewell: "",
        };
        let address = port.addr().into();
        let ping = move || ping(&address);
        Ok(Self {
            // It has nothing to save, and no other signal waits for no client in any version.
            server: Server::start("pgbouncer", &orders, Signal::KILL, folder, ping)?,
            port,
        })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The address on the loopback.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// `postgresql://postgres@127.0.0.1:…/postgres`
    pub fn dsn(&self) -> String {
        self.dsn_at(self.port())
    }

    /// The same by another port of 127.0.0.1, such as a proxy's.
    pub fn dsn_at(&self, port: u16) -> String {
        dsn(None, port)
    }
}

fn text(postgres: u16, port: u16, lines: &[&str]) -> String {
    let lines = lines.join("\n");
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={postgres}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = trust\n\
         auth_file = users.txt\n\
         pool_mode = transaction\n\
         default_pool_size = 5\n\
         {lines}\n"
    )
}

impl Deref for PgBouncer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}
