//! The three servers behind one name.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use cachestack::{AnyBackend, MemcachedBackend, PostgresBackend, RedisBackend, Result};
use cachestack_tests::servers::{Memcached, Postgres, Redis, Server};

/// How long one operation of a store may take.
pub(super) const TIMEOUT: Duration = Duration::from_millis(200);

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Redis,
    Memcached,
    Postgres,
}

/// A server that one test has to itself.
pub(super) enum Store {
    Redis(Redis),
    Memcached(Memcached),
    /// Given back in the end.
    Postgres(Option<Postgres>),
}

/// Servers that take a second to start, between two tests.
static IDLE: Mutex<Vec<Postgres>> = Mutex::new(Vec::new());

fn idle() -> std::sync::MutexGuard<'static, Vec<Postgres>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a store is to be like.
pub(super) struct Settings {
    pub(super) silent: bool,
    pub(super) timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            silent: false,
            timeout: TIMEOUT,
        }
    }
}

impl Store {
    /// A server whose data survives a kill, where there is such a thing.
    pub(super) fn start(kind: Kind) -> Self {
        match kind {
            Kind::Redis => {
                // What the kernel has survives the process.
                let redis = Redis::builder().persistent().line("appendfsync no");
                Self::Redis(redis.start())
            }
            Kind::Memcached => Self::Memcached(Memcached::start()),
            Kind::Postgres => {
                let idle = idle().pop();
                Self::Postgres(Some(idle.unwrap_or_else(Postgres::start)))
            }
        }
    }

    /// Whether what it holds survives a kill.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self, Self::Memcached(_))
    }

    pub(super) fn addr(&self) -> SocketAddr {
        match self {
            Self::Redis(server) => server.addr(),
            Self::Memcached(server) => server.addr(),
            Self::Postgres(server) => server.as_ref().unwrap().addr(),
        }
    }

    /// The DSN at a port of the loopback, which may be a proxy's.
    pub(super) fn dsn_at(&self, port: u16) -> String {
        match self {
            Self::Redis(server) => server.dsn_at(port),
            Self::Memcached(_) => format!("127.0.0.1:{port}"),
            Self::Postgres(server) => server.as_ref().unwrap().dsn_at(port),
        }
    }
}

impl Kind {
    /// The store at an address; `name` is that of its table, where it has one. Nothing is connected.
    pub(super) fn open(self, dsn: &str, name: &str, settings: &Settings) -> AnyBackend {
        let &Settings { silent, timeout } = settings;
        match self {
            Self::Redis => {
                let builder = RedisBackend::builder(dsn).silent(silent);
                AnyBackend::new(builder.timeout(timeout).build().unwrap())
            }
            Self::Memcached => {
                let builder = MemcachedBackend::builder(dsn).silent(silent);
                AnyBackend::new(builder.timeout(timeout).build().unwrap())
            }
            Self::Postgres => {
                let builder = PostgresBackend::builder(dsn).silent(silent).table(name);
                let builder = builder.unlogged(false).timeout(timeout);
                AnyBackend::new(builder.build().unwrap())
            }
        }
    }

    /// The store at an address, as `connect` gives it.
    pub(super) async fn connect(self, dsn: &str, name: &str) -> Result<AnyBackend> {
        Ok(match self {
            Self::Redis => AnyBackend::new(RedisBackend::connect(dsn).await?),
            Self::Memcached => AnyBackend::new(MemcachedBackend::connect(dsn).await?),
            Self::Postgres => {
                let builder = PostgresBackend::builder(dsn).table(name);
                AnyBackend::new(builder.unlogged(false).connect().await?)
            }
        })
    }
}

impl Deref for Store {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Self::Redis(server) => server,
            Self::Memcached(server) => server,
            Self::Postgres(server) => server.as_ref().unwrap(),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let Self::Postgres(server) = self else { return };
        let Some(server) = server.take() else { return };
        // What a failed test leaves is nobody's.
        if thread::panicking() {
            return;
        }
        server.resume();
        if server.pid().is_none() {
            server.restart();
        }
        idle().push(server);
    }
}
