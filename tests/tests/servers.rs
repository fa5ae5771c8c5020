//! The servers that tests start: they answer, stop, and leave nothing behind.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "servers/failures.rs"]
mod failures;
#[path = "servers/left_behind.rs"]
mod left_behind;
#[path = "servers/others.rs"]
mod others;
#[path = "servers/proxy.rs"]
mod proxy;
#[path = "servers/redis.rs"]
mod redis;

use cachestack_tests::servers::Server;

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
