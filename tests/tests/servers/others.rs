//! Memcached, PostgreSQL, PgBouncer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;

use cachestack_tests::Proxy;
use cachestack_tests::servers::{Memcached, PgBouncer, Postgres};

#[test]
fn memcached_serves() {
    super::serves(&Memcached::start());
}

#[test]
fn memcached_serves_on_a_socket() {
    let memcached = Memcached::builder().unix_socket().start();
    super::serves(&memcached);
    UnixStream::connect(memcached.socket().unwrap()).unwrap();
    TcpStream::connect(memcached.addr()).unwrap_err();
}

#[test]
fn memcached_serves_on_ipv6_with_more_arguments() {
    let memcached = Memcached::builder()
        .ipv6()
        .args(["-m", "8", "-M", "-I", "2m"])
        .start();
    assert!(memcached.dsn().starts_with("[::1]:"));
    let mut stream = TcpStream::connect(memcached.dsn()).unwrap();
    stream.write_all(b"stats settings\r\nquit\r\n").unwrap();
    let mut stats = String::new();
    stream.read_to_string(&mut stats).unwrap();
    assert!(stats.contains("STAT item_size_max 2097152"), "{stats}");
    assert!(stats.contains("STAT evictions off"), "{stats}");
}

#[test]
fn postgres_and_its_pgbouncer_serve() {
    let postgres = Postgres::builder()
        .password("sesame")
        .setting("max_connections=20")
        .start();
    assert_eq!(psql(&postgres.dsn(), "SHOW max_connections"), "20\n");
    assert_eq!(
        psql(&postgres.dsn().replace("sesame", "guess"), "SELECT 1"),
        ""
    );

    let bouncer = PgBouncer::start(&postgres);
    super::serves(&bouncer);
    psql(&bouncer.dsn(), "CREATE TABLE kept AS SELECT 7 AS it");

    super::serves(&postgres);
    assert_eq!(psql(&bouncer.dsn(), "SELECT it FROM kept"), "7\n");

    let proxy = Proxy::to(postgres.socket());
    assert_eq!(
        psql(&postgres.dsn_at(proxy.port()), "SELECT it FROM kept"),
        "7\n"
    );
    // The handshake alone takes some.
    assert!(proxy.turns() > 2, "{}", proxy.turns());
}

/// What the client of Debian's package prints for a query.
fn psql(dsn: &str, query: &str) -> String {
    let mut psql = Command::new("psql");
    let output = psql
        .args(["--no-psqlrc", "-qAt", "-c", query, dsn])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
