//! Passwords are in nothing that is said: no event, span or line, no error, no `Debug`.

use std::error::Error as StdError;
use std::fmt::{Debug, Write};
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cachestack::{
    AnyBackend, Backend, Cache, Error, Layer, MemcachedBackend, MemcachedConfig, PostgresBackend,
    PostgresConfig, RedisBackend, RedisConfig, Result,
};
use cachestack_tests::servers::{Memcached, Postgres, Redis};
use cachestack_tests::within;

use super::functions::{Source, value};
use super::listener::listen;
use super::processes::alone;
use super::stage::run;
use super::table;

/// What every secret here begins with.
const SECRET: &str = "hunter2";
const RIGHT: &str = "hunter2isright";
const WRONG: &str = "hunter2iswrong";

static HEARD: Mutex<String> = Mutex::new(String::new());

fn heard() -> std::sync::MutexGuard<'static, String> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that is said of one address.
struct Said {
    dsn: String,
    text: String,
    errors: usize,
}

impl Said {
    fn new(dsn: String) -> Self {
        Self {
            dsn,
            text: String::new(),
            errors: 0,
        }
    }

    fn debug(&mut self, it: &dyn Debug) {
        writeln!(self.text, "{it:?}\n{it:#?}").unwrap();
    }

    fn error(&mut self, error: &Error) {
        self.errors += 1;
        self.debug(error);
        let mut source: Option<&dyn StdError> = Some(error);
        while let Some(error) = source {
            writeln!(self.text, "{error}\n{error:#}\n{error:?}").unwrap();
            source = error.source();
        }
    }

    fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        result.inspect_err(|error| self.error(error)).ok()
    }

    /// What a store at the address says for itself, and a cache over it.
    fn of(&mut self, backend: Option<AnyBackend>) {
        let Some(backend) = backend else { return };
        let closed = backend.clone();
        self.debug(&backend);
        self.debug(&Layer::new(backend.clone()));
        let builder = Cache::builder().layer(Layer::new(backend));
        self.debug(&builder);
        let cache = builder.build().unwrap();
        self.debug(&cache);
        run(cache.scope(value(1, &Source::default())));
        self.note(run(cache.get::<u64>("k")));
        self.note(run(cache.set("k", 1_u64, None)));
        self.note(run(cache.get_many::<u64>(["k", "l"])));
        self.note(run(cache.exists("k")));
        self.note(run(cache.get_with_ttl::<u64>("k")));
        self.note(run(cache.purge_expired()));
        self.note(run(cache.delete("k")));
        self.note(run(cache.clear()));
        let stats = run(cache.stats()).unwrap();
        self.debug(&stats);
        writeln!(self.text, "{stats}").unwrap();
        let stack = run(cache.stack().stats()).unwrap();
        self.debug(&stack);
        // The cache itself would wait for what the store missed.
        self.note(run(closed.close()));
        writeln!(self.text, "{:?}", run(cache.get::<u64>("k"))).unwrap();
    }

    fn is_silent(&self) {
        let Self { dsn, text, .. } = self;
        assert!(!text.contains(SECRET), "{dsn} is in:\n{text}");
        let heard = heard();
        let line = heard.lines().find(|line| line.contains(SECRET));
        assert_eq!(line, None, "{dsn} is heard");
    }
}

/// A port where nobody listens.
fn nobody() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Looks at each address by itself.
fn show(
    store: &str,
    right: Option<&str>,
    addresses: impl IntoIterator<Item = String>,
    look: impl Fn(&mut Said),
) {
    listen(|text| {
        let mut heard = heard();
        writeln!(heard, "{text}").unwrap();
    });
    let (mut errors, mut number) = (0, 0);
    for dsn in addresses {
        assert!(dsn.contains(SECRET));
        let mut said = Said::new(dsn);
        look(&mut said);
        said.is_silent();
        // A password that nobody uses would not be found anywhere.
        if right == Some(&said.dsn) {
            assert_eq!(said.errors, 0, "{}", said.text);
        }
        errors += said.errors;
        number += 1;
    }
    let heard = heard();
    assert!(heard.contains("cachestack"), "nothing was heard:\n{heard}");
    assert!(errors > 5, "{errors}");
    table::row(
        store,
        "passwords_are_in_nothing_that_is_said",
        format!(
            "{number} addresses, {errors} errors, {} lines heard",
            heard.lines().count()
        ),
    );
}

/// In a process of its own, as it hears everything of one.
fn secretly(show: impl FnOnce() + Send + 'static) {
    alone(|| within(Duration::from_secs(60), show));
}

#[test]
fn of_redis() {
    secretly(|| {
        let redis = Redis::builder().password(RIGHT).start();
        let port = redis.port();
        let right = format!("redis://:{RIGHT}@127.0.0.1:{port}");
        let addresses = [
            right.clone(),
            format!("redis://default:{RIGHT}@127.0.0.1:{port}/0"),
            format!("redis://127.0.0.1:{port}?password={RIGHT}"),
            format!("redis://:{WRONG}@127.0.0.1:{port}"),
            format!("redis://{WRONG}:{WRONG}@127.0.0.1:{port}"),
            format!("redis://:{RIGHT}@127.0.0.1:{port}/4711"),
            format!("redis://:{RIGHT}@127.0.0.1:{}", nobody()),
            format!("rediss://:{RIGHT}@127.0.0.1:{port}"),
            format!("redis-cluster://:{RIGHT}@127.0.0.1:{port}"),
            format!(
                "redis-sentinel://:{RIGHT}@127.0.0.1:{port}?sentinelServiceName=m&sentinelPassword={WRONG}"
            ),
            format!("http://:{RIGHT}@127.0.0.1:{port}"),
            format!("redis:/{RIGHT}@127.0.0.1"),
            format!("redis://:{RIGHT}%@127.0.0.1:{port}/?{WRONG}={WRONG}"),
            format!("redis://:{RIGHT}/@127.0.0.1:{port}/0"),
        ];
        show("redis", Some(&right), addresses, |said| {
            let dsn = said.dsn.clone();
            said.debug(&RedisConfig::new(&*dsn));
            said.debug(&RedisBackend::builder(&*dsn));
            let built = said.note(RedisBackend::builder(&*dsn).build());
            said.of(built.map(AnyBackend::new));
            let connected = said.note(run(RedisBackend::connect(&*dsn)));
            said.of(connected.map(AnyBackend::new));
        });
    });
}

#[test]
fn of_postgres() {
    secretly(|| {
        let postgres = Postgres::builder().password(RIGHT).start();
        let port = postgres.port();
        let right = postgres.dsn();
        let addresses = [
            right.clone(),
            format!("postgresql://postgres@127.0.0.1:{port}/postgres?password={RIGHT}"),
            format!("postgresql://postgres:{WRONG}@127.0.0.1:{port}/postgres"),
            format!("postgresql://nobody:{WRONG}@127.0.0.1:{port}/postgres"),
            format!("postgresql://postgres:{RIGHT}@127.0.0.1:{port}/nothing"),
            format!(
                "postgresql://postgres:{RIGHT}@127.0.0.1:{}/postgres",
                nobody()
            ),
            format!("postgresql://postgres:{RIGHT}@127.0.0.1:{port}/postgres?sslmode=require"),
            format!("postgresql://postgres:{RIGHT}@127.0.0.1:{port}/postgres?{WRONG}={WRONG}"),
            format!("mysql://postgres:{RIGHT}@127.0.0.1:{port}/postgres"),
            format!("host=127.0.0.1 port={port} user=postgres password={RIGHT}"),
            format!("postgresql://postgres:{RIGHT}%@127.0.0.1:{port}/postgres"),
            format!("postgresql://postgres:{RIGHT}/x@127.0.0.1:{port}/postgres"),
        ];
        show("postgres", Some(&right), addresses, |said| {
            let dsn = said.dsn.clone();
            said.debug(&PostgresConfig::new(&*dsn));
            said.debug(&PostgresBackend::builder(&*dsn));
            let built = said.note(PostgresBackend::builder(&*dsn).build());
            said.of(built.map(AnyBackend::new));
            let connected = said.note(run(PostgresBackend::connect(&*dsn)));
            said.of(connected.map(AnyBackend::new));
        });
    });
}

/// It takes no password; whoever writes one into the address is told without it.
#[test]
fn of_memcached() {
    secretly(|| {
        let memcached = Memcached::start();
        let port = memcached.port();
        let addresses = [
            format!("memcached://user:{RIGHT}@127.0.0.1:{port}"),
            format!("user:{RIGHT}@127.0.0.1:{port}"),
            format!("memcached://127.0.0.1:{port}?password={RIGHT}"),
            format!(
                "127.0.0.1:{port},user:{RIGHT},{RIGHT}@127.0.0.1:{}",
                nobody()
            ),
            format!("http://user:{RIGHT}@127.0.0.1:{port}"),
            format!("user:{RIGHT}/@127.0.0.1:{port}"),
        ];
        show("memcached", None, addresses, |said| {
            let dsn = said.dsn.clone();
            said.debug(&MemcachedConfig::new([&*dsn]));
            said.debug(&MemcachedBackend::builder(&*dsn));
            let built = said.note(MemcachedBackend::builder(&*dsn).build());
            said.of(built.map(AnyBackend::new));
            let connected = said.note(run(MemcachedBackend::connect(&*dsn)));
            said.of(connected.map(AnyBackend::new));
            // Something is said at all.
            tracing::info!(target: "cachestack", "the next address");
        });
    });
}
