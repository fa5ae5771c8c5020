//! Servers that answer nonsense.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachestack::{Backend, Error, ErrorKind, MemcachedBackend, ValueType};
use cachestack_tests::eventually;

use super::{entry, key, run, try_get};

/// How long an operation may take.
const TIMEOUT: Duration = Duration::from_millis(150);

/// Answers whatever it is told by the same bytes.
struct Fake {
    addr: SocketAddr,
    open: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Stays,
    HangsUp,
}

impl Fake {
    fn answering(reply: impl Into<Vec<u8>>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Self {
            addr: listener.local_addr().unwrap(),
            open: Arc::default(),
            taken: Arc::default(),
        };
        let (open, taken) = (Arc::clone(&fake.open), Arc::clone(&fake.taken));
        let reply: Arc<[u8]> = reply.into().into();
        // It ends with the process; nobody waits for it.
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                open.fetch_add(1, Ordering::SeqCst);
                taken.fetch_add(1, Ordering::SeqCst);
                let (open, reply) = (Arc::clone(&open), Arc::clone(&reply));
                thread::spawn(move || {
                    serve(client, &reply, then);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        fake
    }

    fn backend(&self) -> MemcachedBackend {
        let builder = MemcachedBackend::builder(self.addr.to_string());
        builder.timeout(TIMEOUT).build().unwrap()
    }
}

fn serve(mut client: TcpStream, reply: &[u8], then: Then) {
    let mut buffer = [0; 65_536];
    while let Ok(1..) = client.read(&mut buffer) {
        if client.write_all(reply).is_err() || then == Then::HangsUp {
            return;
        }
    }
}

/// What no server would say to a look-up of `shop/k`.
fn nonsense() -> Vec<Vec<u8>> {
    let line = |text: &str| text.as_bytes().to_vec();
    vec![
        line("\r\n"),
        line("\n"),
        line("END\n"),
        line("EN"),
        line("end\r\n"),
        line("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
        line("-ERR unknown command 'get'\r\n"),
        line("ERROR\r\n"),
        line("ERROR Too many open connections\r\n"),
        line("CLIENT_ERROR bad command line format\r\n"),
        line("SERVER_ERROR out of memory writing get response\r\n"),
        line("STORED\r\n"),
        line("STORED\r\nEND\r\n"),
        line("VERSION 1.6.18\r\n"),
        line("VALUE shop/k 0 5\r\nab"),
        line("VALUE shop/k 0 5\r\nabcdefg\r\nEND\r\n"),
        line("VALUE shop/k 0 1\r\nab\r\nEND\r\n"),
        line("VALUE shop/k 0 1\r\na\r\n"),
        line("VALUE shop/k 0 1\r\na\r\nVALUE shop/k 0 1\r\na\r\nVALUE shop/k 0 1\r\na\r\nEND\r\n"),
        line("VALUE shop/other 0 1\r\na\r\nEND\r\n"),
        line("VALUE shop/k 0 99999999999\r\n"),
        line("VALUE shop/k 0 99999999999999999999999\r\n"),
        line("VALUE shop/k 0 18446744073709551615\r\nabc\r\nEND\r\n"),
        line("VALUE shop/k 0 1000000000\r\nabc\r\nEND\r\n"),
        line("VALUE shop/k 0 -1\r\n\r\nEND\r\n"),
        line("VALUE shop/k 0\r\n\r\nEND\r\n"),
        line("VALUE shop/k\r\nEND\r\n"),
        line("VALUE \r\nEND\r\n"),
        line("VALUE  0 1\r\na\r\nEND\r\n"),
        b"VALUE \xff\xfe 0 1\r\na\r\nEND\r\n".to_vec(),
        (0..=255).collect(),
        vec![b'x'; 1 << 20],
        vec![0; 3_000],
        "VALUE ".repeat(10_000).into_bytes(),
        format!("VALUE {} 0 1\r\na\r\nEND\r\n", "k".repeat(5_000)).into_bytes(),
    ]
}

fn expect_an_error(error: &Error, reply: &[u8]) {
    let said = String::from_utf8_lossy(&reply[..reply.len().min(60)]).into_owned();
    let kinds = [
        ErrorKind::Unavailable,
        ErrorKind::Timeout,
        ErrorKind::TooLarge,
    ];
    assert!(kinds.contains(&error.kind()), "{error} after {said:?}");
    assert!(
        !error.message().contains("ended without"),
        "it panicked on {said:?}"
    );
    assert!(!error.to_string().contains(char::is_control), "{error}");
}

/// Does something and expects an error, soon, and the connection closed.
async fn expect_refused<R>(
    fake: &Fake,
    reply: &[u8],
    done: impl Future<Output = Result<R, Error>>,
) {
    let began = Instant::now();
    let error = done.await.err();
    let said = String::from_utf8_lossy(&reply[..reply.len().min(60)]).into_owned();
    let error = error.unwrap_or_else(|| panic!("it takes {said:?} for an answer"));
    expect_an_error(&error, reply);
    assert!(
        began.elapsed() < TIMEOUT * 10,
        "{:?} for {said:?}",
        began.elapsed()
    );
    eventually(|| fake.open.load(Ordering::SeqCst) == 0);
}

#[test]
fn nonsense_is_an_error_and_the_connection_is_closed() {
    run(|| async {
        for then in [Then::Stays, Then::HangsUp] {
            for reply in nonsense() {
                let fake = Fake::answering(reply.clone(), then);
                let backend = fake.backend();
                let one = key("k");
                expect_refused(&fake, &reply, try_get::<i32>(&backend, &one)).await;
                expect_refused(&fake, &reply, backend.set(&one, entry(1))).await;
                expect_refused(&fake, &reply, backend.exists(&one)).await;
                if !reply.starts_with(b"VERSION") {
                    expect_refused(&fake, &reply, backend.delete(&one)).await;
                }
            }
        }
    });
}

#[test]
fn what_is_too_much_is_not_kept_for_the_next() {
    run(|| async {
        for reply in [
            &b"END\r\nVALUE shop/k 0 1\r\na\r\nEND\r\n"[..],
            b"END\r\nE",
            b"END\r\n\r\n",
        ] {
            let fake = Fake::answering(reply, Then::Stays);
            let backend = fake.backend();
            for _ in 0..20 {
                // It came with the answer, or behind it.
                if let Err(error) = try_get::<i32>(&backend, &key("k")).await {
                    expect_an_error(&error, reply);
                }
            }
            let taken = fake.taken.load(Ordering::SeqCst);
            assert!(taken >= 20, "one connection for several look-ups: {taken}");
            eventually(|| fake.open.load(Ordering::SeqCst) <= 1);
        }
    });
}

#[test]
fn nonsense_after_a_set_is_an_error() {
    run(|| async {
        for reply in [
            "STORED\r\nSTORED\r\nSTORED\r\nEND\r\n",
            "STORED\r\nEND\r\n",
            "DELETED\r\nSTORED\r\nSTORED\r\nEND\r\n",
            "NOT_STORED\r\nSTORED\r\n",
            "EXISTS\r\nSTORED\r\nEND\r\n",
            "SERVER_ERROR out of memory storing object\r\n",
            "SERVER_ERROR object too large for cache\r\nSTORED\r\nEND\r\nEND\r\n",
            "STORED\r\nCLIENT_ERROR bad data chunk\r\nERROR\r\n",
        ] {
            let fake = Fake::answering(reply, Then::Stays);
            let backend = fake.backend();
            let one = key("k");
            let set = backend.set(&one, entry(1));
            expect_refused(&fake, reply.as_bytes(), set).await;
        }
    });
}

#[test]
fn a_server_that_never_has_the_generation_it_was_given_is_an_error() {
    run(|| async {
        let reply = "STORED\r\nSTORED\r\nEND\r\n";
        let fake = Fake::answering(reply, Then::Stays);
        let error = fake.backend().set(&key("k"), entry(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let message = "does not keep the generation of the namespace long enough";
        assert!(error.message().ends_with(message), "{error}");
    });
}

#[test]
fn random_pieces_of_replies_never_panic_or_hang() {
    run(|| async {
        let pieces = [
            "END\r\n",
            "VALUE shop/k 0 ",
            "VALUE %generation/shop 0 32\r\n",
            "1\r\na\r\n",
            "\r\n",
            "\n",
            "\0",
            "STORED\r\n",
            "NOT_STORED\r\n",
            "VERSION 1\r\n",
            "00000000000000000000000000000000",
            "4294967296\r\n",
            "1048577\r\n",
            "ERROR\r\n",
            "SERVER_ERROR object too large for cache\r\n",
            "cachestack/1 value postcard 0 ",
        ];
        let mut seed = 7_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize
        };
        for _ in 0..150 {
            let reply: String = (0..next() % 7 + 1)
                .map(|_| pieces[next() % pieces.len()])
                .collect();
            let fake = Fake::answering(reply.clone(), Then::HangsUp);
            let backend = fake.backend();
            let keys = ["k", "other"].map(key);
            let found = backend
                .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
                .await;
            let set = backend.set(&keys[0], entry(1)).await;
            let deleted = backend.delete_many(&keys).await;
            for error in [found.map(drop), set, deleted]
                .into_iter()
                .filter_map(Result::err)
            {
                expect_an_error(&error, reply.as_bytes());
            }
        }
    });
}

#[test]
fn what_answers_but_is_no_server_of_ours_is_refused_when_connecting() {
    run(|| async {
        for (reply, message) in [
            (
                "-ERR unknown command\r\n",
                "does not answer as a Memcached server does",
            ),
            (
                "HTTP/1.1 400 Bad Request\r\n\r\n",
                "does not answer as a Memcached server does",
            ),
            ("ERROR\r\n", "answered `ERROR`"),
            (
                "CLIENT_ERROR unauthenticated\r\n",
                "wants a password (`CLIENT_ERROR unauthenticated`), which this store cannot give: start it \
                 without -Y and -S",
            ),
        ] {
            let fake = Fake::answering(reply, Then::Stays);
            let address = fake.addr.to_string();
            let error = MemcachedBackend::connect(&*address).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert_eq!(
                error.to_string(),
                format!("memcached open wrong configuration: `{address}` {message}")
            );
        }
        // A busy server is none that refuses us.
        for reply in [
            "ERROR Too many open connections\r\n",
            "SERVER_ERROR busy\r\n",
            "VERSION 1.6.18\r\n",
        ] {
            let fake = Fake::answering(reply, Then::Stays);
            MemcachedBackend::connect(fake.addr.to_string())
                .await
                .unwrap();
        }
    });
}
