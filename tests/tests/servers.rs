//! The servers that tests start: they answer, stop, and leave nothing behind.

#![allow(clippy::unwrap_used, reason = "tests")]

use cachestack_tests::servers::{Memcached, Postgres, Redis, Server};

/// What every server must do, whatever it is.
fn serves(server: &Server) {
    server.ping().unwrap();
    let first = server.pid().unwrap();

    server.pause();
    assert!(!server.is_running());
    server.ping().unwrap_err();
    server.resume();
    server.ping().unwrap();

    server.stop();
    assert_eq!(server.pid(), None);
    server.ping().unwrap_err();
    server.restart();
    server.ping().unwrap();
    assert_ne!(server.pid().unwrap(), first);

    server.kill();
    server.ping().unwrap_err();
    server.restart();
    server.ping().unwrap();
}

#[test]
fn redis_serves() {
    serves(&Redis::start());
}

#[test]
fn memcached_serves() {
    serves(&Memcached::start());
}

#[test]
fn postgres_serves() {
    serves(&Postgres::start());
}
