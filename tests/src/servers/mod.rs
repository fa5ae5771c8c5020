//! Real servers for tests: each in a temporary folder of its own, on a free port of the loopback or on a socket in that
//! folder. Starting one returns when it answers.
//!
//! A server is a child of a small shell, its guardian, which ends it and removes its folder when the test process lets
//! go of a pipe: at the drop, after a panic, at the exit with a server in a static, and when the process is killed.
//! A cluster takes two seconds and a PostgreSQL server one to start: tests that only read can share one in a static.
//!
//! Servers that refuse to be root's run as `postgres` or `nobody` when the tests are root's.

mod account;
mod certificates;
mod cluster;
mod folder;
mod guardian;
mod memcached;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod program;
mod redis;
mod resp;
mod sentinel;
mod server;
mod wire;

pub use self::cluster::RedisCluster;
pub use self::memcached::{Memcached, MemcachedBuilder};
pub use self::pgbouncer::PgBouncer;
pub use self::postgres::{Postgres, PostgresBuilder};
pub use self::program::is_installed;
pub use self::redis::{Redis, RedisBuilder};
pub use self::sentinel::{RedisSentinel, Sentinel};
pub use self::server::Server;
pub use self::wire::Address;

pub(crate) use self::port::HeldPort;
pub(crate) use self::wire::Stream;

/// How long one ping may take.
const PING: std::time::Duration = std::time::Duration::from_millis(500);
