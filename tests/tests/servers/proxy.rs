//! The proxy counts, delays, holds, cuts and refuses.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cachestack_tests::servers::{Address, Redis};
use cachestack_tests::{Proxy, eventually};

/// A connection that speaks the inline form of Redis.
struct Client(TcpStream);

impl Client {
    fn of(proxy: &Proxy) -> Self {
        let stream = TcpStream::connect(proxy.addr()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        Self(stream)
    }

    fn say(&mut self, request: &str) {
        self.0.write_all(request.as_bytes()).unwrap();
    }

    fn hear(&mut self, answer: &str) {
        let mut heard = vec![0; answer.len()];
        self.0.read_exact(&mut heard).unwrap();
        assert_eq!(String::from_utf8(heard).unwrap(), answer);
    }

    fn ping(&mut self) {
        self.say("PING\r\n");
        self.hear("+PONG\r\n");
    }

    /// What comes before the connection's end.
    fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }
}

#[test]
fn turns_connections_and_bytes_are_counted() {
    let redis = Redis::start();
    for server in [Address::from(redis.addr()), redis.socket().into()] {
        let proxy = Proxy::to(server);
        let mut client = Client::of(&proxy);
        client.ping();
        client.ping();
        client.say("PING\r\nPING\r\n");
        client.hear("+PONG\r\n+PONG\r\n");
        assert_eq!(proxy.turns(), 3);
        assert_eq!(proxy.bytes_of_clients(), 4 * 6);
        assert_eq!(proxy.bytes_of_server(), 4 * 7);

        Client::of(&proxy).ping();
        assert_eq!((proxy.turns(), proxy.connections()), (4, 2));
        eventually(|| proxy.open_connections() == 1);

        proxy.reset();
        client.ping();
        assert_eq!((proxy.turns(), proxy.connections()), (1, 0));
    }
}

#[test]
fn a_large_answer_is_one_turn_and_arrives_whole() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut client = Client::of(&proxy);
    let value = "x".repeat(5_000_000);
    client.say(&format!(
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5000000\r\n{value}\r\n"
    ));
    client.hear("+OK\r\n");
    let held = proxy.hold();
    client.say("GET k\r\n");
    held.wait_for(1);
    drop(held);
    client.hear(&format!("$5000000\r\n{value}\r\n"));
    assert_eq!(proxy.turns(), 2);
}

#[test]
fn answers_are_delayed_once_however_many_come() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let delay = Duration::from_millis(100);
    proxy.set_delay(delay);
    let mut client = Client::of(&proxy);
    let began = Instant::now();
    for number in 0..20 {
        client.say(&format!("ECHO {number:02}\r\n"));
    }
    for number in 0..20 {
        client.hear(&format!("$2\r\n{number:02}\r\n"));
    }
    assert!(began.elapsed() >= delay);
    assert!(began.elapsed() < 10 * delay, "{:?}", began.elapsed());
    assert_eq!(proxy.turns(), 1);
}

#[test]
fn held_answers_are_counted_and_come_in_the_end() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut clients = [(); 3].map(|()| Client::of(&proxy));
    let held = proxy.hold();
    for client in &mut clients {
        client.say("INCR sum\r\n");
    }
    held.wait_for(3);
    futures_executor::block_on(held.arrived(3));
    assert_eq!(redis.command(&["GET", "sum"]).unwrap(), "$1\r\n3\r\n");
    assert_eq!(proxy.bytes_of_server(), 0);

    clients[0].0.set_nonblocking(true).unwrap();
    let nothing = clients[0].0.read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);

    drop(held);
    for mut client in clients {
        client.0.set_nonblocking(false).unwrap();
        client.0.read_exact(&mut [0; 4]).unwrap();
    }
    assert_eq!(proxy.bytes_of_server(), 12);
    assert_eq!(proxy.hold().count(), 0);
}

#[test]
fn an_answer_is_cut_in_the_middle() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    for bytes in [0, 3, 7] {
        let mut client = Client::of(&proxy);
        client.ping();
        proxy.cut_next_answer_after(bytes);
        client.say("PING\r\n");
        assert_eq!(client.rest(), &"+PONG\r\n"[..bytes]);
    }
    assert_eq!(proxy.cuts(), 3);
    Client::of(&proxy).ping();
}

#[test]
fn connections_are_dropped_refused_and_taken_again() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut client = Client::of(&proxy);
    client.ping();
    let held = proxy.hold();
    client.say("PING\r\n");
    held.wait_for(1);
    proxy.drop_connections();
    assert_eq!(held.count(), 0);
    drop(held);
    assert_eq!(client.rest(), "");

    let mut client = Client::of(&proxy);
    client.ping();
    proxy.refuse();
    assert_eq!(client.rest(), "");
    let refused = TcpStream::connect(proxy.addr()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    proxy.accept();
    Client::of(&proxy).ping();
}

#[test]
fn a_server_that_is_down_ends_connections() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut client = Client::of(&proxy);
    client.ping();
    redis.kill();
    assert_eq!(client.rest(), "");
    assert_eq!(Client::of(&proxy).rest(), "");
    redis.restart();
    Client::of(&proxy).ping();
}
