//! Memory over Redis over PostgreSQL: what each layer gives, how a value comes back up, and what an outage of Redis
//! costs.
//!
//! ```text
//! REDIS_DSN=redis://127.0.0.1:6379/0 POSTGRES_DSN=postgresql://user:password@127.0.0.1/db \
//!     cargo run --example stack --features redis,postgres
//! ```
//!
//! Redis is reached through a wire of the example's own, which it cuts and mends; the servers are left alone.
#![allow(clippy::print_stdout, reason = "what it shows is what it is for")]

mod support;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, io};

use cachestack::{
    Backend, Cache, Layer, MemoryBackend, PostgresBackend, RedisBackend, cached, configure,
    invalidate,
};
use support::{Table, readable, timed};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Takes its time, as a report over a large table does.
#[cached(ttl = "10m")]
async fn report(year: u32) -> io::Result<String> {
    tokio::time::sleep(Duration::from_millis(100)).await;
    let edition = RUNS.fetch_add(1, Ordering::SeqCst) + 1;
    Ok(format!("{year}, edition {edition}"))
}

/// Makes the report wrong.
#[invalidate(report(year))]
async fn book(year: u32) -> io::Result<u32> {
    Ok(year)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (Ok(redis), Ok(postgres)) = (env::var("REDIS_DSN"), env::var("POSTGRES_DSN")) else {
        println!(
            "Set REDIS_DSN to a Redis on TCP, such as redis://127.0.0.1:6379/0, and POSTGRES_DSN to a database, such \
             as\npostgresql://user:password@127.0.0.1/db. Entries of the namespace `stack-example` are written there."
        );
        return Err("REDIS_DSN or POSTGRES_DSN is not set".into());
    };
    let (wire, redis) = Wire::before(&redis).await?;
    let memory = MemoryBackend::default();
    let cache = Cache::builder()
        .namespace("stack-example")
        .layer(memory.clone())
        .layer(Layer::new(RedisBackend::connect(redis).await?).deadline(Duration::from_millis(250)))
        .layer(PostgresBackend::connect(postgres).await?)
        .build()?;
    configure(cache.clone())?;
    cache.clear().await?;

    let space = cache.namespace().clone();
    let mut steps = Steps(Table::new(["step", "answer", "time"]));
    steps
        .call("first call: computed, stored in every layer")
        .await?;
    steps.call("again: hit in memory").await?;
    memory.clear(&space).await?;
    steps
        .call("memory is empty: hit in Redis, copied up")
        .await?;

    wire.cut();
    memory.clear(&space).await?;
    steps.call("Redis is away: hit in PostgreSQL").await?;
    memory.clear(&space).await?;
    steps.call("still away: Redis is not even asked").await?;
    let (booked, time) = timed(book(2026)).await;
    booked?;
    steps.note("an invalidation: kept in mind for Redis", time);
    steps.call("computed anew").await?;
    let away = cache.stats().await?;

    wire.mend().await?;
    let mended = Instant::now();
    cache.flush().await?;
    steps.note("Redis is back, and told what it missed", mended.elapsed());
    memory.clear(&space).await?;
    steps
        .call("memory is empty: the newest, from below")
        .await?;

    steps.0.print();
    println!("\nThe function ran {} times.", RUNS.load(Ordering::SeqCst));
    println!("\nWhile Redis was away\n\n{away}");
    println!("\nIn the end\n\n{}", cache.stats().await?);
    cache.clear().await?;
    cache.close().await?;
    Ok(())
}

/// The table of what was done.
struct Steps(Table<3>);

impl Steps {
    async fn call(&mut self, step: &str) -> io::Result<()> {
        let (answer, time) = timed(report(2026)).await;
        self.0.push([step.into(), answer?, readable(time)]);
        Ok(())
    }

    fn note(&mut self, step: &str, time: Duration) {
        self.0.push([step.into(), String::new(), readable(time)]);
    }
}

/// Carries bytes between a port of this program and a server, until it is cut.
struct Wire {
    port: u16,
    server: String,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Wire {
    /// A wire to the server of a DSN, and the DSN through it.
    async fn before(dsn: &str) -> Result<(Self, String), Box<dyn Error>> {
        let wrong = "REDIS_DSN must be like redis://:password@host:port/database";
        let (scheme, rest) = dsn.split_once("://").ok_or(wrong)?;
        let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (server, path) = place.split_once('/').unwrap_or((place, ""));
        if scheme != "redis" || !server.contains(':') {
            return Err(wrong.into());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let wire = Self {
            port: listener.local_addr()?.port(),
            server: server.to_owned(),
            tasks: Arc::default(),
        };
        wire.carry(listener);
        let at = if user.is_empty() { "" } else { "@" };
        let through = format!("redis://{user}{at}127.0.0.1:{}/{path}", wire.port);
        Ok((wire, through))
    }

    fn carry(&self, listener: TcpListener) {
        let (server, tasks) = (self.server.clone(), Arc::clone(&self.tasks));
        let accepting = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let server = server.clone();
                let carrying = tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(&server).await {
                        // It ends when either side does.
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
                lock(&tasks).push(carrying);
            }
        });
        lock(&self.tasks).push(accepting);
    }

    /// Closes every connection, and takes no more.
    fn cut(&self) {
        lock(&self.tasks).drain(..).for_each(|task| task.abort());
    }

    /// Takes connections again.
    async fn mend(&self) -> io::Result<()> {
        self.carry(TcpListener::bind(("127.0.0.1", self.port)).await?);
        Ok(())
    }
}

fn lock(tasks: &Mutex<Vec<JoinHandle<()>>>) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}
